#include "plan/jax/formula.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <stdexcept>

#include "base/portable_math.h"

namespace jaxsmith::plan {
namespace {

class Reader {
 public:
  Reader(std::string_view text, const std::function<double(const std::string&)>& value_of)
      : text_(text), value_of_(value_of) {}

  double whole() {
    const double out = sum();
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

  double sum() {
    double out = product();
    for (;;) {
      if (met('+'))
        out += product();
      else if (met('-'))
        out -= product();
      else
        return out;
    }
  }
  double product() {
    double out = atom();
    for (;;) {
      if (met('*'))
        out *= atom();
      else if (met('/'))
        out /= atom();
      else
        return out;
    }
  }
  double atom() {
    if (met('-')) return -atom();
    if (met('(')) {
      const double out = sum();
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
    if (std::isdigit(static_cast<unsigned char>(word[0]))) {
      std::size_t read = 0;
      const double number = std::stod(word, &read);
      if (read != word.size()) fail();
      return number;
    }
    if (!met('(')) return value_of_(word);
    const double x = sum();
    if (!met(')')) fail();
    if (word == "log") return portable::log(x);
    if (word == "exp") return portable::exp(x);
    if (word == "sqrt") return std::sqrt(x);
    if (word == "floor") return std::floor(x);
    fail();
  }

  std::string_view text_;
  const std::function<double(const std::string&)>& value_of_;
  std::size_t at_ = 0;
};

}  // namespace

double formula(std::string_view text, const std::function<double(const std::string&)>& value_of) {
  return Reader(text, value_of).whole();
}

std::optional<double> name_in_range(const Wanted& wanted, std::string_view name) {
  const Interval& r = wanted.range;
  if (name == "L") return r.lo;
  if (name == "H") return r.hi;
  if (name == "D") return r.hi - r.lo;
  if (name == "W") return std::min(-r.lo, r.hi);
  return std::nullopt;
}

}  // namespace jaxsmith::plan
