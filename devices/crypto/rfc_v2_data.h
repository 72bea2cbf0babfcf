// Data requests of the draft. Their header has offsets and lengths; which of them count, and what is done,
// only the session says: a request is read in two steps.
#pragma once

#include <cstddef>
#include <cstdint>

#include "virtcrypt/crypto/session.h"
#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/virtio/descriptor_chain.h"

namespace virtcrypt::devices::crypto_dev::rfc_v2 {

// The header, and the session that an inline request brings.
[[nodiscard]] RequestStatus parse_header(const virtio::DescriptorChain& chain, const Terms& terms,
                                         DataRequest& request);

// Everything else.
[[nodiscard]] RequestStatus fit_to_session(const virtio::DescriptorChain& chain, const Terms& terms,
                                           const crypto::Session& session, const SessionNote& note,
                                           DataRequest& request);

// Fills the whole writable part but for the result. Returns the used length.
[[nodiscard]] std::uint32_t write_data_answer(const DataRequest& request, std::uint8_t wire_status,
                                              const virtio::DescriptorChain& chain);

}  // namespace virtcrypt::devices::crypto_dev::rfc_v2
