// What each engine makes of batches, beside the bare calls of libipsec-mb: the numbers behind what
// engine=auto chooses, and behind the costs in the engines' tables. Names are
// ALGORITHM/ENGINE/bytes:N/batch:N; "raw" is libipsec-mb called with nothing around it.
//   ninja -C build bench_engines && build/tests/bench_engines --benchmark_filter=AES-CBC
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <intel-ipsec-mb.h>

#include "virtcrypt/crypto/engine.h"

namespace {

using namespace virtcrypt::crypto;
using Bytes = std::vector<std::byte>;

constexpr std::size_t kIvBytes = 16;
constexpr std::size_t kRoomBehind = 64;  // for a tag or a digest

struct Request {
  Bytes memory;
  std::span<const std::byte> input;
  std::span<std::byte> output;
};

// What is measured, and how an operation of it looks.
struct Subject {
  std::string name;
  SessionParameters parameters;
  OperationKind kind;
  std::size_t iv_bytes = 0;
  std::size_t result_bytes = 0;  // behind the text, or instead of it
};

const Bytes& key() {
  static const Bytes bytes(64, std::byte{0x5a});
  return bytes;
}

std::span<const std::byte> key_of(std::size_t bytes) {
  return std::span(key()).first(bytes);
}

Subject cipher(const char* name, CipherAlgorithm algorithm, Direction direction, std::size_t key_bytes) {
  const auto kind = direction == Direction::kEncrypt ? OperationKind::kEncrypt : OperationKind::kDecrypt;
  return {name, CipherParameters{algorithm, direction, key_of(key_bytes)}, kind, kIvBytes, 0};
}

Subject hash(const char* name, HashAlgorithm algorithm) {
  const auto bytes = static_cast<std::uint32_t>(digest_bytes(algorithm));
  return {name, HashParameters{algorithm, bytes}, OperationKind::kDigest, 0, bytes};
}

Subject mac(const char* name, MacAlgorithm algorithm, std::uint32_t bytes, std::size_t key_bytes) {
  return {name, MacParameters{algorithm, bytes, key_of(key_bytes)}, OperationKind::kDigest, 0, bytes};
}

Subject aead(const char* name, AeadAlgorithm algorithm, std::size_t key_bytes) {
  return {name, AeadParameters{algorithm, Direction::kEncrypt, 16, key_of(key_bytes)},
          OperationKind::kEncrypt, 12, 16};
}

std::vector<Subject> subjects() {
  return {
      cipher("AES-128-CBC-encrypt", CipherAlgorithm::kAesCbc, Direction::kEncrypt, 16),
      cipher("AES-128-CBC-decrypt", CipherAlgorithm::kAesCbc, Direction::kDecrypt, 16),
      cipher("AES-128-CTR", CipherAlgorithm::kAesCtr, Direction::kEncrypt, 16),
      hash("SHA-1", HashAlgorithm::kSha1),
      hash("SHA-256", HashAlgorithm::kSha256),
      hash("SHA-512", HashAlgorithm::kSha512),
      mac("HMAC-SHA-1", MacAlgorithm::kHmacSha1, 20, 20),
      mac("HMAC-SHA-256", MacAlgorithm::kHmacSha256, 32, 32),
      mac("HMAC-SHA-512", MacAlgorithm::kHmacSha512, 64, 64),
      aead("AES-128-GCM", AeadAlgorithm::kAesGcm, 16),
      aead("AES-128-CCM", AeadAlgorithm::kAesCcm, 16),
      aead("ChaCha20-Poly1305", AeadAlgorithm::kChacha20Poly1305, 32),
  };
}

// In place, but for digests.
std::vector<Request> requests_of(const Subject& subject, std::size_t bytes, std::size_t count) {
  const bool digests = subject.kind == OperationKind::kDigest;
  std::vector<Request> requests(count);
  for (Request& request : requests) {
    request.memory.resize(bytes + kRoomBehind);
    const std::span<std::byte> memory(request.memory);
    request.input = memory.first(bytes);
    request.output =
        digests ? memory.subspan(bytes, subject.result_bytes) : memory.first(bytes + subject.result_bytes);
  }
  return requests;
}

void count(benchmark::State& state, std::size_t bytes, std::size_t batch) {
  state.SetItemsProcessed(static_cast<std::int64_t>(batch) * state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(batch * bytes) * state.iterations());
}

void run_engine(benchmark::State& state, const Engine& engine, const Subject& subject) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  const auto batch = static_cast<std::size_t>(state.range(1));
  const auto session = engine.create_session(subject.parameters);
  if (!session) return state.SkipWithError("this engine does not have it");
  const std::vector<Request> requests = requests_of(subject, bytes, batch);
  const Bytes iv(subject.iv_bytes);
  std::vector<Operation> operations(batch);
  for (std::size_t i = 0; i < batch; ++i) {
    operations[i].session = session->get();
    operations[i].kind = subject.kind;
    operations[i].input = {&requests[i].input, 1};
    operations[i].output = {&requests[i].output, 1};
    operations[i].iv = iv;
  }
  for ([[maybe_unused]] auto _ : state)
    engine.execute(operations);
  for (const Operation& operation : operations) {
    if (operation.outcome != Outcome::kOk) state.SkipWithError("an operation failed");
  }
  count(state, bytes, batch);
}

// AES-CBC through the library alone.
void run_raw_cbc(benchmark::State& state, IMB_CIPHER_DIRECTION direction) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  const auto batch = static_cast<std::size_t>(state.range(1));
  std::unique_ptr<IMB_MGR, void (*)(IMB_MGR*)> manager(alloc_mb_mgr(0), free_mb_mgr);
  init_mb_mgr_auto(manager.get(), nullptr);
  alignas(16) std::uint32_t encrypt[60], decrypt[60];
  IMB_AES_KEYEXP_128(manager.get(), key().data(), encrypt, decrypt);
  std::vector<std::vector<std::uint8_t>> memory(batch, std::vector<std::uint8_t>(bytes));
  const std::vector<std::uint8_t> iv(kIvBytes);
  std::vector<IMB_JOB> jobs(batch);
  for (std::size_t i = 0; i < batch; ++i) {
    jobs[i].enc_keys = encrypt;
    jobs[i].dec_keys = decrypt;
    jobs[i].key_len_in_bytes = IMB_KEY_128_BYTES;
    jobs[i].cipher_mode = IMB_CIPHER_CBC;
    jobs[i].cipher_direction = direction;
    jobs[i].iv = iv.data();
    jobs[i].iv_len_in_bytes = iv.size();
    jobs[i].src = memory[i].data();
    jobs[i].dst = memory[i].data();
    jobs[i].msg_len_to_cipher_in_bytes = bytes;
  }
  for ([[maybe_unused]] auto _ : state) {
    const std::uint32_t done =
        IMB_SUBMIT_CIPHER_BURST(manager.get(), jobs.data(), static_cast<std::uint32_t>(batch), IMB_CIPHER_CBC,
                                direction, IMB_KEY_128_BYTES);
    if (done != batch) state.SkipWithError("a job failed");
  }
  count(state, bytes, batch);
}

void run_raw_gcm(benchmark::State& state) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  const auto batch = static_cast<std::size_t>(state.range(1));
  std::unique_ptr<IMB_MGR, void (*)(IMB_MGR*)> manager(alloc_mb_mgr(0), free_mb_mgr);
  init_mb_mgr_auto(manager.get(), nullptr);
  alignas(64) gcm_key_data keys{};
  alignas(64) gcm_context_data context{};
  IMB_AES128_GCM_PRE(manager.get(), key().data(), &keys);
  std::vector<std::vector<std::uint8_t>> memory(batch, std::vector<std::uint8_t>(bytes + kRoomBehind));
  const std::vector<std::uint8_t> iv(kIvBytes);
  for ([[maybe_unused]] auto _ : state) {
    for (auto& text : memory)
      IMB_AES128_GCM_ENC(manager.get(), &keys, &context, text.data(), text.data(), bytes, iv.data(),
                         iv.data(), 0, text.data() + bytes, 16);
  }
  count(state, bytes, batch);
}

void run_raw_hash(benchmark::State& state, IMB_HASH_ALG algorithm, std::size_t result) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  const auto batch = static_cast<std::size_t>(state.range(1));
  std::unique_ptr<IMB_MGR, void (*)(IMB_MGR*)> manager(alloc_mb_mgr(0), free_mb_mgr);
  init_mb_mgr_auto(manager.get(), nullptr);
  std::vector<std::vector<std::uint8_t>> memory(batch, std::vector<std::uint8_t>(bytes + kRoomBehind));
  const std::vector<std::uint8_t> state_of_key(128);
  std::size_t done = 0, wanted = 0;
  for ([[maybe_unused]] auto _ : state) {
    for (auto& text : memory) {
      IMB_JOB* const job = IMB_GET_NEXT_JOB(manager.get());
      *job = {};
      job->cipher_mode = IMB_CIPHER_NULL;
      job->cipher_direction = IMB_DIR_ENCRYPT;
      job->chain_order = IMB_ORDER_HASH_CIPHER;
      job->hash_alg = algorithm;
      job->src = text.data();
      job->msg_len_to_hash_in_bytes = bytes;
      job->auth_tag_output = text.data() + bytes;
      job->auth_tag_output_len_in_bytes = result;
      job->u.HMAC._hashed_auth_key_xor_ipad = state_of_key.data();
      job->u.HMAC._hashed_auth_key_xor_opad = state_of_key.data();
      if (IMB_SUBMIT_JOB(manager.get()) != nullptr) ++done;
      while (IMB_GET_COMPLETED_JOB(manager.get()) != nullptr)
        ++done;
    }
    while (IMB_FLUSH_JOB(manager.get()) != nullptr)
      ++done;
    wanted += batch;
  }
  if (done != wanted || imb_get_errno(manager.get()) != 0) state.SkipWithError("a job failed");
  count(state, bytes, batch);
}

template <typename Run>
void add(const std::string& name, Run run) {
  benchmark::RegisterBenchmark(name.c_str(), std::move(run))
      ->ArgNames({"bytes", "batch"})
      ->ArgsProduct({{64, 256, 1024, 4096, 16384, 65536}, {1, 8, 32}});
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::pair<std::string, std::unique_ptr<Engine>>> engines;
  for (const EngineName& each : engine_names())
    engines.emplace_back(each.name, make_engine(each.choice));
  for (const Subject& subject : subjects()) {
    for (const auto& [name, engine] : engines) {
      if (engine == nullptr) continue;
      add(subject.name + "/" + name,
          [&engine = *engine, subject](benchmark::State& state) { run_engine(state, engine, subject); });
    }
  }
  add("AES-128-CBC-encrypt/raw", [](benchmark::State& state) { run_raw_cbc(state, IMB_DIR_ENCRYPT); });
  add("AES-128-CBC-decrypt/raw", [](benchmark::State& state) { run_raw_cbc(state, IMB_DIR_DECRYPT); });
  add("AES-128-GCM/raw", run_raw_gcm);
  add("SHA-1/raw", [](benchmark::State& state) { run_raw_hash(state, IMB_AUTH_SHA_1, 20); });
  add("SHA-256/raw", [](benchmark::State& state) { run_raw_hash(state, IMB_AUTH_SHA_256, 32); });
  add("SHA-512/raw", [](benchmark::State& state) { run_raw_hash(state, IMB_AUTH_SHA_512, 64); });
  add("HMAC-SHA-1/raw", [](benchmark::State& state) { run_raw_hash(state, IMB_AUTH_HMAC_SHA_1, 20); });
  add("HMAC-SHA-256/raw", [](benchmark::State& state) { run_raw_hash(state, IMB_AUTH_HMAC_SHA_256, 32); });
  add("HMAC-SHA-512/raw", [](benchmark::State& state) { run_raw_hash(state, IMB_AUTH_HMAC_SHA_512, 64); });
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}
