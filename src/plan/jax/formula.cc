#include "plan/jax/formula.h"

#include <cctype>
#include <cmath>
#include <stdexcept>
#include <type_traits>

#include "base/portable_math.h"

namespace jaxsmith::plan {
namespace {

template <class Number>
class Reader {
 public:
  using ValueOf = std::function<Number(const std::string&)>;
  Reader(std::string_view text, const ValueOf& value_of) : text_(text), value_of_(value_of) {}

  Number all() {
    const Number out = sum();
    if (at_ != text_.size()) fail();
    return out;
  }

 private:
  [[noreturn]] void fail() const { throw std::logic_error("no formula: " + std::string(text_)); }
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool met(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    skip();
    return true;
  }

  Number sum() {
    Number out = product();
    for (;;) {
      if (met('+'))
        out += product();
      else if (met('-'))
        out -= product();
      else
        return out;
    }
  }
  Number product() {
    Number out = atom();
    for (;;) {
      if (met('*')) {
        out *= atom();
      } else if (met('/')) {
        const Number divisor = atom();
        if (std::is_integral_v<Number> && divisor == 0) fail();
        out /= divisor;
      } else {
        return out;
      }
    }
  }
  Number atom() {
    if (met('-')) return -atom();
    if (met('(')) {
      const Number out = sum();
      if (!met(')')) fail();
      return out;
    }
    skip();
    const std::size_t start = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '.'))
      ++at_;
    const std::string word(text_.substr(start, at_ - start));
    if (word.empty()) fail();
    if (std::isdigit(static_cast<unsigned char>(word[0]))) return number(word);
    if (!met('(')) return value_of_(word);
    const Number x = sum();
    if (!met(')')) fail();
    return called(word, x);
  }
  Number number(const std::string& word) const {
    std::size_t read = 0;
    Number out{};
    if constexpr (std::is_integral_v<Number>)
      out = std::stoll(word, &read);
    else
      out = std::stod(word, &read);
    if (read != word.size()) fail();
    return out;
  }
  Number called(const std::string& function, Number x) const {
    if constexpr (!std::is_integral_v<Number>) {
      if (function == "log") return portable::log(x);
      if (function == "exp") return portable::exp(x);
      if (function == "sqrt") return std::sqrt(x);
      if (function == "floor") return std::floor(x);
    }
    fail();
  }

  std::string_view text_;
  const ValueOf& value_of_;
  std::size_t at_ = 0;
};

}  // namespace

double formula(std::string_view text, const std::function<double(const std::string&)>& value_of) {
  return Reader<double>(text, value_of).all();
}

std::int64_t whole_formula(std::string_view text,
                           const std::function<std::int64_t(const std::string&)>& value_of) {
  return Reader<std::int64_t>(text, value_of).all();
}

}  // namespace jaxsmith::plan
