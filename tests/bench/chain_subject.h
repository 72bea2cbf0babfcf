// Subjects of service CHAIN: a cipher with a hash or MAC over the same text.
#pragma once

#include <span>
#include <vector>

#include "tests/bench/subject.h"

namespace virtcrypt::bench {

// As protocols use them: what is sent is enciphered and then hashed, what is received the other way round.
void add_chains(std::vector<Subject>& subjects);

// Of a subject that is a chain.
[[nodiscard]] crypto::SessionParameters chain_parameters(const Subject& subject);
[[nodiscard]] test::ChainSubject chain_on_wire(const Subject& subject);
[[nodiscard]] test::Request request_chain(const Subject& subject, const test::Target& target,
                                          std::span<const std::byte> input);

}  // namespace virtcrypt::bench
