// An engine whose sessions carry out their operations themselves, one after the other.
#pragma once

#include <string_view>
#include <variant>

#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto {

// Derived classes fill the tables when they are constructed and make EngineSessions. Thread-safety as Engine.
class SessionEngine : public Engine {
 public:
  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] EngineId id() const override { return id_; }
  [[nodiscard]] const Capabilities& capabilities() const override { return capabilities_; }

  [[nodiscard]] Expected<SessionPointer, Outcome> create_session(
      const SessionParameters& parameters) const override;
  void execute(std::span<Operation> batch) const override;
  [[nodiscard]] std::uint64_t estimated_ns(const Operation& operation) const override;

 protected:
  SessionEngine(std::string_view name, EngineId id) : name_(name), id_(id) {}

  [[nodiscard]] Capabilities& table() { return capabilities_; }
  // May throw CryptoPP::Exception, which is taken for kFailed.
  [[nodiscard]] virtual Expected<SessionPointer, Outcome> create(
      const SessionParameters& parameters) const = 0;

 private:
  std::string_view name_;
  EngineId id_;
  Capabilities capabilities_;
};

}  // namespace virtcrypt::crypto
