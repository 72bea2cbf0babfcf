#include "virtcrypt/devices/crypto/request_trace.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "virtcrypt/crypto/secure_buffer.h"

namespace virtcrypt::devices::crypto_dev {
namespace {

using std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

// "16+32+1", the bytes of each descriptor.
void append_sizes(std::string& text, std::span<const std::span<std::byte>> segments) {
  constexpr std::size_t kMost = 16;
  if (segments.empty()) text += "none";
  for (std::size_t i = 0; i < segments.size() && i < kMost; ++i)
    fmt::format_to(std::back_inserter(text), "{}{}", i == 0 ? "" : "+", segments[i].size());
  if (segments.size() > kMost)
    fmt::format_to(std::back_inserter(text), "+... ({} descriptors)", segments.size());
}

void append_hex(std::string& text, std::span<const std::byte> bytes) {
  for (const std::byte byte : bytes)
    fmt::format_to(std::back_inserter(text), "{:02x}", std::to_integer<unsigned>(byte));
}

// There may be keys among them.
crypto::SecureBuffer readable_bytes(const virtio::DescriptorChain& chain, std::uint64_t offset,
                                    std::uint64_t bytes) {
  virtio::ReadCursor reader = chain.reader();
  if (!reader.skip(std::min(offset, reader.remaining()))) return {};
  crypto::SecureBuffer copy(static_cast<std::size_t>(std::min(bytes, reader.remaining())));
  if (!reader.read(copy.bytes())) return {};
  return copy;
}

void append_fields(std::string& text, const DecodedRequest& request) {
  for (const DecodedField& field : request.fields) {
    fmt::format_to(std::back_inserter(text), "  {:4} {:<28} {:#x}", field.offset, field.name, field.value);
    if (!field.meaning.empty()) fmt::format_to(std::back_inserter(text), " {}", field.meaning);
    text += '\n';
  }
  if (request.cut_short) text += "       the readable part ends within the fields\n";
}

}  // namespace

void append_request(std::string& text, const DecodedRequest& request, const virtio::DescriptorChain& chain,
                    bool payload) {
  text += "       readable ";
  append_sizes(text, chain.readable_segments());
  text += ", writable ";
  append_sizes(text, chain.writable_segments());
  text += '\n';
  append_fields(text, request);
  for (const DecodedPart& part : request.parts) {
    fmt::format_to(std::back_inserter(text), "  {:4} {}: {} bytes{}", part.offset, part.name, part.bytes,
                   part.is_key && !payload ? ", not shown" : "");
    if (payload) {
      text += ' ';
      append_hex(text, readable_bytes(chain, part.offset,
                                      std::min<std::uint64_t>(part.bytes, RequestTrace::kMostPayloadBytes))
                           .bytes());
    }
    text += '\n';
  }
}

DecodedRequest decode(const virtio::DescriptorChain& chain, bool is_control, const Dialect& dialect,
                      const Terms& terms) {
  const crypto::SecureBuffer front = readable_bytes(chain, 0, kMostFieldBytes);
  return is_control ? dialect.decode_control(front.bytes(), terms.negotiated)
                    : dialect.decode_data(front.bytes(), terms.negotiated);
}

RequestTrace::RequestTrace(Write write, bool payload)
    : write_(std::move(write)), payload_(payload), start_(steady_clock::now()) {}

std::unique_ptr<RequestTrace::Begun> RequestTrace::begin(std::string_view device, std::string_view queue,
                                                         bool is_control,
                                                         const virtio::DescriptorChain& chain,
                                                         const Dialect& dialect, const Terms& terms) {
  auto begun = std::make_unique<Begun>();
  begun->since = steady_clock::now();
  const DecodedRequest request = decode(chain, is_control, dialect, terms);
  std::string& text = begun->text;
  fmt::format_to(std::back_inserter(text), "#{} {:.6f} {} {} chain {}: {}\n", ++number_,
                 Microseconds(begun->since - start_).count() / 1e6, device, queue, chain.head(),
                 request.operation);
  append_request(text, request, chain, payload_);
  return begun;
}

void RequestTrace::end(Begun& begun, RequestStatus status, const Refusal& refusal, std::uint32_t written,
                       const virtio::DescriptorChain& chain) {
  std::string outcome(name_of(status));
  if (status != RequestStatus::kOk && !refusal.field.empty())
    fmt::format_to(std::back_inserter(outcome), " ({} {})", refusal.field, refusal.value);
  fmt::format_to(std::back_inserter(outcome), ", used length {}", written);
  if (payload_) {
    outcome += ", ";
    std::size_t left = kMostPayloadBytes;
    for (const std::span<std::byte> segment : chain.writable_segments()) {
      const std::size_t shown = std::min(left, segment.size());
      append_hex(outcome, segment.first(shown));
      left -= shown;
    }
  }
  finish(begun, outcome);
}

void RequestTrace::drop(Begun& begun) {
  finish(begun, "dropped by a reset");
}

void RequestTrace::finish(Begun& begun, std::string_view outcome) {
  fmt::format_to(std::back_inserter(begun.text), "       -> {}, {:.1f} us\n", outcome,
                 Microseconds(steady_clock::now() - begun.since).count());
  write_(begun.text);
}

}  // namespace virtcrypt::devices::crypto_dev
