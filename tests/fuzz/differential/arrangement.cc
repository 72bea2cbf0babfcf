#include "tests/fuzz/differential/arrangement.h"

#include <algorithm>
#include <memory>

namespace virtcrypt::fuzz {
namespace {

using namespace crypto;

// Lengths of the pieces of `whole` bytes.
std::vector<std::size_t> pieces_of(std::size_t whole, const std::vector<std::size_t>& lengths) {
  std::vector<std::size_t> pieces;
  for (const std::size_t wanted : lengths) {
    pieces.push_back(std::min(wanted, whole));
    whole -= pieces.back();
  }
  pieces.push_back(whole);
  return pieces;
}

template <typename Byte>
std::vector<std::span<Byte>> cut(std::span<Byte> whole, const std::vector<std::size_t>& lengths) {
  std::vector<std::span<Byte>> list;
  for (const std::size_t length : pieces_of(whole.size(), lengths)) {
    list.push_back(whole.first(length));
    whole = whole.subspan(length);
  }
  return list;
}

template <typename List>
Bytes gathered(const List& list) {
  Bytes all;
  for (const auto& piece : list)
    all.insert(all.end(), piece.begin(), piece.end());
  return all;
}

// The first `bytes` bytes of what the pieces hold.
template <typename List>
List front_of(const List& list, std::size_t bytes) {
  List front;
  for (const auto& piece : list) {
    front.push_back(piece.first(std::min(bytes, piece.size())));
    bytes -= front.back().size();
  }
  return front;
}

}  // namespace

Arrangement::Arrangement(const Request& request, const MemoryLayout& layout)
    : request_(request), placement_(layout.placement) {
  if (placement_ == Placement::kInPlace) {
    lay_in_place(layout);
  } else if (placement_ == Placement::kShifted) {
    lay_shifted(layout);
  } else {
    input_ = separate_pieces(request.input, layout.input);
    output_ = separate_room(request.room, layout.output);
  }
  aad_ = separate_pieces(request.aad, layout.aad);
  digest_ = separate_room(request.digest_room, layout.digest);
}

std::span<std::byte> Arrangement::block(std::size_t bytes) {
  return blocks_.emplace_back(bytes, kUnwritten);
}

Arrangement::Input Arrangement::separate_pieces(const Bytes& content,
                                                const std::vector<std::size_t>& lengths) {
  Input list;
  for (const auto& piece : cut(std::span<const std::byte>(content), lengths)) {
    const std::span<std::byte> copy = block(piece.size());
    std::copy(piece.begin(), piece.end(), copy.begin());
    list.push_back(copy);
  }
  return list;
}

Arrangement::Output Arrangement::separate_room(std::size_t bytes, const std::vector<std::size_t>& lengths) {
  Output list;
  for (const std::size_t length : pieces_of(bytes, lengths))
    list.push_back(block(length));
  return list;
}

// Both lists over the same blocks; the input's pieces are cut once more.
void Arrangement::lay_in_place(const MemoryLayout& layout) {
  const Output blocks = separate_room(std::max(request_.input.size(), request_.room), layout.output);
  output_ = front_of(blocks, request_.room);
  std::size_t offset = 0, index = 0;
  for (const auto& piece : front_of(blocks, request_.input.size())) {
    std::copy_n(request_.input.begin() + static_cast<std::ptrdiff_t>(offset), piece.size(), piece.begin());
    offset += piece.size();
    const std::size_t wanted = layout.input.empty() ? 0 : layout.input[index++ % layout.input.size()];
    const std::size_t front = wanted % (piece.size() + 1);
    input_.push_back(piece.first(front));
    input_.push_back(piece.subspan(front));
  }
}

void Arrangement::lay_shifted(const MemoryLayout& layout) {
  const auto before_input = static_cast<std::size_t>(std::max(0, -layout.shift));
  const auto before_output = static_cast<std::size_t>(std::max(0, layout.shift));
  const std::span<std::byte> all =
      block(std::max(before_input + request_.input.size(), before_output + request_.room));
  const std::span<std::byte> input = all.subspan(before_input, request_.input.size());
  std::copy(request_.input.begin(), request_.input.end(), input.begin());
  input_ = cut(std::span<const std::byte>(input), layout.input);
  output_ = cut(all.subspan(before_output, request_.room), layout.output);
}

Operation Arrangement::operation(const Session& session) const {
  Operation operation;
  operation.session = &session;
  operation.kind = request_.kind;
  operation.input = input_;
  operation.output = output_;
  operation.aad = aad_;
  operation.digest_output = digest_;
  operation.ranges = request_.ranges;
  operation.iv = request_.iv;
  operation.digest = request_.digest;
  operation.tag_bytes = request_.tag_bytes;
  return operation;
}

Answer Arrangement::answer(const Operation& executed) const {
  Answer answer;
  answer.outcome = executed.outcome;
  answer.output_bytes = executed.output_bytes;
  answer.output = gathered(output_);
  answer.digest = gathered(digest_);
  return answer;
}

bool Arrangement::texts_are_unchanged() const {
  if (gathered(aad_) != request_.aad) return false;
  return placement_ != Placement::kApart || gathered(input_) == request_.input;
}

Answer run_alone(const Engine& engine, const Request& request) {
  const auto session = engine.create_session(request.parameters);
  Answer answer;
  if (!session) {
    answer.refused = session.error();
    return answer;
  }
  const Arrangement arrangement(request, MemoryLayout());
  Operation operation = arrangement.operation(**session);
  engine.execute({&operation, 1});
  return arrangement.answer(operation);
}

}  // namespace virtcrypt::fuzz
