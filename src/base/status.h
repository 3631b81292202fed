// Errors as values: the library never prints, exits or aborts. For example:
//   #include <jaxsmith/status.h>
//   jaxsmith::Result<int> parse(const std::string& text) {
//     if (text.empty()) return jaxsmith::Error::usage("count is empty: give a positive number");
//     return std::stoi(text);
//   }
//   int main() { return parse("").ok() ? 1 : parse("7").value() - 7; }
// JAXSMITH_TRY(value, parse(text)); binds `value` or returns the error of the enclosing function.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace jaxsmith {

enum class ErrorKind {
  kUsage,        // the user asked for something that makes no sense: exit status 2
  kEnvironment,  // disk, processes, a missing or wrong JAX: exit status 1
  kInternal,     // a defect of jaxsmith: exit status 1
};

struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;  // one line: what, where, what to do

  static Error usage(std::string message) { return {ErrorKind::kUsage, std::move(message)}; }
  static Error environment(std::string message) {
    return {ErrorKind::kEnvironment, std::move(message)};
  }
  static Error internal(std::string message) { return {ErrorKind::kInternal, std::move(message)}; }
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace jaxsmith

#define JAXSMITH_CONCAT_(a, b) a##b
#define JAXSMITH_CONCAT(a, b) JAXSMITH_CONCAT_(a, b)
#define JAXSMITH_TRY_(tmp, name, expr) \
  auto tmp = (expr);                   \
  if (!tmp.ok()) return tmp.error();   \
  auto name = std::move(tmp).value()
#define JAXSMITH_TRY(name, expr) JAXSMITH_TRY_(JAXSMITH_CONCAT(try_, __LINE__), name, expr)
#define JAXSMITH_CHECK(expr)                               \
  do {                                                     \
    auto check_result_ = (expr);                           \
    if (!check_result_.ok()) return check_result_.error(); \
  } while (0)
