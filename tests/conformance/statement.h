// The normative statements of the specification: what a check can test.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace virtcrypt::conformance {

// The revision of the specification that the statements were taken from.
constexpr std::string_view kSpecification = "VIRTIO 1.4 (CS01, 8 April 2026)";

// A row of statements.csv, which paraphrases the specification.
struct Statement {
  std::string id;       // "STATUS-DEV-001"; stable
  std::string section;  // "2.1.2"
  std::string heading;  // from the chapter down, separated by " / "
  std::string level;    // "MUST", "SHOULD NOT", ...
  std::string text;
  bool of_device;  // else of the driver
};

// Why a device statement has no check (reasons.csv).
struct Reason {
  std::string statement;
  // A feature's name: the reason holds for devices that do not offer it. Empty: for all.
  std::string unless_offered;
  std::string text;
};

// The first two numbers of the section, one for section 6; and what that part is called.
struct Chapter {
  std::string number;
  std::string title;
};
[[nodiscard]] Chapter chapter_of(const Statement& statement);

// Throw std::runtime_error on tables that are not well-formed.
[[nodiscard]] std::vector<Statement> parse_statements(std::string_view csv);
[[nodiscard]] std::vector<Reason> parse_reasons(std::string_view csv);

// The tables of the program. Those of all actors; those that concern devices, in the order of the
// specification.
[[nodiscard]] const std::vector<Statement>& statements();
[[nodiscard]] const std::vector<const Statement*>& device_statements();
[[nodiscard]] const std::vector<Reason>& reasons();

// Null when there is none.
[[nodiscard]] const Statement* find_statement(std::string_view id);
[[nodiscard]] const Reason* find_reason(std::string_view id);

}  // namespace virtcrypt::conformance
