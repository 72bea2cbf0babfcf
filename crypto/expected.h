// Result-or-error type of the crypto room. One alias, so that C++23's std::expected can replace it in one
// place.
#pragma once

#include <tl/expected.hpp>

namespace virtcrypt::crypto {

template <typename Value, typename Error>
using Expected = tl::expected<Value, Error>;

template <typename Error>
using Unexpected = tl::unexpected<Error>;

}  // namespace virtcrypt::crypto
