// A request as its dialect reads it, field by field, for people: traces and reports. It takes no decision;
// what a device does with a request is its parser's affair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace virtcrypt::devices::crypto_dev {

// A field of fixed length, under its specification's name. Offsets count readable bytes of the chain.
struct DecodedField {
  std::string_view name;
  std::size_t offset;
  std::size_t bytes;
  std::uint64_t value;
  std::string_view meaning;  // what the number stands for; empty: nothing, or nothing known
};

// A readable part of variable length, by what the fields say: it need not be there.
struct DecodedPart {
  std::string_view name;
  std::uint64_t offset;
  std::uint64_t bytes;
  bool is_key;
};

struct DecodedRequest {
  std::string_view operation = "unknown";
  std::vector<DecodedField> fields;
  std::vector<DecodedPart> parts;
  bool cut_short = false;  // there are fewer readable bytes than the fields take
};

// Most readable bytes that fields take in any dialect: what a decoder needs to see of a chain.
constexpr std::size_t kMostFieldBytes = 128;

// Reads fields one after the other. Behind the end of the bytes every field is 0 and none is noted.
class FieldReader {
 public:
  FieldReader(std::span<const std::byte> bytes, DecodedRequest& request) : bytes_(bytes), request_(request) {}

  [[nodiscard]] std::size_t offset() const { return offset_; }
  void go_to(std::size_t offset) { offset_ = offset; }

  // Little-endian, of 1, 2, 4 or 8 bytes.
  std::uint64_t field(std::string_view name, std::size_t bytes);
  // The same; `name_of(value)` says what the value stands for.
  template <typename NameOf>
  std::uint64_t named(std::string_view name, std::size_t bytes, const NameOf& name_of) {
    const std::uint64_t value = field(name, bytes);
    if (!request_.fields.empty() && !request_.cut_short) request_.fields.back().meaning = name_of(value);
    return value;
  }
  // A look at a field elsewhere, which is not noted.
  [[nodiscard]] std::uint64_t peek(std::size_t offset, std::size_t bytes) const;

  // The next part of variable length. Fields come before parts.
  void part(std::string_view name, std::uint64_t bytes, bool is_key = false);

 private:
  std::span<const std::byte> bytes_;
  DecodedRequest& request_;
  std::size_t offset_ = 0;
  std::uint64_t part_offset_ = 0;  // 0: none yet
};

}  // namespace virtcrypt::devices::crypto_dev
