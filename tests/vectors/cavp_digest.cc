// Hashes, their Monte Carlo tests, and MACs.
#include "tests/vectors/cavp.h"
#include "tests/vectors/hex.h"
#include "tests/vectors/numbers.h"

namespace virtcrypt::vectors {
namespace {

constexpr std::uint64_t kBitsPerByte = 8;
constexpr std::uint64_t kMostOutputBits = std::uint64_t{8} << 20;

// Length of a SHAKE output, which files give in bits.
std::uint32_t output_bytes(const Paragraph& paragraph, const std::string& name) {
  const std::uint64_t bits = paragraph.decimal(name);
  if (bits > kMostOutputBits) throw ParseError(paragraph.line, "an output of more than 1 MiB");
  return static_cast<std::uint32_t>(bits / kBitsPerByte);
}

Case hash_case(const CavpKind& kind, const Paragraph& paragraph) {
  Case result{.name = paragraph.name(), .line = paragraph.line, .not_applicable = {}, .work = {}};
  HashCase work{.algorithm = kind.algorithm,
                .message = paragraph.hex("msg"),
                .expected = paragraph.hex(paragraph.has("output") ? "output" : "md")};
  const std::string length = paragraph.has("len") ? "len" : "input length";
  const std::uint64_t bits = paragraph.decimal(length);
  if (paragraph.has("len")) result.name = "Len " + paragraph.text("len");
  const bool odd_output = paragraph.has("outputlen") && paragraph.decimal("outputlen") % kBitsPerByte != 0;
  if (bits % kBitsPerByte != 0 || odd_output) {
    result.not_applicable = "a message or digest that is no whole number of bytes";
    return result;
  }
  if (bits / kBitsPerByte > work.message.size())
    throw ParseError(paragraph.line, "'msg' is shorter than its length");
  work.message.resize(static_cast<std::size_t>(bits / kBitsPerByte));  // "00" stands for the empty one
  result.work = std::move(work);
  return result;
}

MonteCarloCase::Chain chain_of(std::uint32_t algorithm) {
  if (algorithm >= number::kShake128) return MonteCarloCase::Chain::kShake;
  if (algorithm >= number::kSha3_224) return MonteCarloCase::Chain::kOneResult;
  return MonteCarloCase::Chain::kThreeResults;
}

// Each checkpoint is the seed of the next, so all can run apart.
std::vector<Case> monte_carlo_cases(const CavpKind& kind, const std::vector<Paragraph>& paragraphs) {
  std::vector<Case> cases;
  Bytes seed;
  std::uint32_t length = 0;
  for (const Paragraph& paragraph : select_cases(paragraphs, {"md", "output", "mdi"})) {
    Case result{.name = paragraph.name(), .line = paragraph.line, .not_applicable = {}, .work = {}};
    if (paragraph.has("mdi")) {  // steps on the way, which some files show
      result.work = HashCase{
          .algorithm = kind.algorithm, .message = paragraph.hex("m"), .expected = paragraph.hex("mdi")};
      cases.push_back(result);
    }
    if (!paragraph.has("md") && !paragraph.has("output")) continue;
    MonteCarloCase work;
    work.algorithm = kind.algorithm;
    work.chain = chain_of(kind.algorithm);
    const bool shake = work.chain == MonteCarloCase::Chain::kShake;
    if (seed.empty()) seed = paragraph.hex(shake ? "msg" : "seed");
    work.seed = seed;
    work.expected = paragraph.hex(shake ? "output" : "md");
    if (shake) {
      work.least_bytes = output_bytes(paragraph, "minimum output length (bits)");
      work.most_bytes = output_bytes(paragraph, "maximum output length (bits)");
      if (work.least_bytes < 2 || work.most_bytes < work.least_bytes || work.expected.size() < 2)
        throw ParseError(paragraph.line, "output lengths that cannot be");
      work.first_bytes = length == 0 ? work.most_bytes : length;
      const auto* const last = &work.expected[work.expected.size() - 2];
      const unsigned word = std::to_integer<unsigned>(last[0]) << 8U | std::to_integer<unsigned>(last[1]);
      length = work.least_bytes + word % (work.most_bytes - work.least_bytes + 1);
    }
    seed = work.expected;
    result.work = std::move(work);
    cases.push_back(std::move(result));
  }
  return cases;
}

Case mac_case(const CavpKind& kind, const Paragraph& paragraph) {
  const bool hmac = kind.family == CavpFamily::kHmac;
  const Bytes key = paragraph.has("key1")
                        ? joined(joined(paragraph.hex("key1"), paragraph.hex("key2")), paragraph.hex("key3"))
                        : paragraph.hex("key");
  return {.name = paragraph.name(),
          .line = paragraph.line,
          .not_applicable = {},
          .work = MacCase{.algorithm = kind.algorithm,
                          .key = key,
                          .text = paragraph.hex(hmac ? "msg" : "message"),
                          .expected = paragraph.hex(hmac ? "md" : "output"),
                          .verdict = Verdict::kValid}};
}

}  // namespace

std::vector<Case> digest_cases(const CavpKind& kind, const std::vector<Paragraph>& paragraphs) {
  if (kind.family == CavpFamily::kMonteCarlo) return monte_carlo_cases(kind, paragraphs);
  std::vector<Case> cases;
  for (const Paragraph& paragraph : select_cases(paragraphs, {"md", "output"})) {
    cases.push_back(kind.family == CavpFamily::kHash ? hash_case(kind, paragraph)
                                                     : mac_case(kind, paragraph));
  }
  return cases;
}

}  // namespace virtcrypt::vectors
