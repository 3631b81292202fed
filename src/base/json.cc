#include "base/json.h"

#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>

#include "base/text.h"

namespace jaxsmith::json {
namespace {

bool is_letter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
}

// What stands around the byte: a whole word, or the byte alone.
std::string_view word_at(std::string_view text, std::size_t at) {
  if (!is_letter(text[at])) return text.substr(at, 1);
  std::size_t begin = at, end = at + 1;
  while (begin > 0 && is_letter(text[begin - 1])) --begin;
  while (end < text.size() && is_letter(text[end])) ++end;
  return text.substr(begin, end - begin);
}

// Of text that nlohmann refuses after so many bytes; `message` is its own, in which data come last.
std::string why_no_json(std::string_view text, std::size_t bytes, std::string_view message) {
  const std::string_view said = message.substr(0, message.find("last read"));
  const auto says = [&](std::string_view what) { return said.find(what) != said.npos; };
  if (bytes == 0 || bytes > text.size()) return "it is no JSON: it ends too early";
  if (says("UTF-8")) return fmt::format("it is no JSON: byte {} is not UTF-8", bytes);
  if (says("surrogate"))
    return fmt::format("it is no JSON: at byte {} half of a surrogate pair stands alone", bytes);
  if (says("control character"))
    return fmt::format("it is no JSON: byte {} is a control character, which needs an escape",
                       bytes);
  const std::string_view word = word_at(text, bytes - 1);
  constexpr std::string_view kNumbers[] = {"NaN", "Infinity", "-Infinity", "nan", "inf", "-inf"};
  return fmt::format("it is no JSON: '{}' at byte {} is not expected{}",
                     in_one_line(clean_utf8(word, 40)), word.data() - text.data() + 1,
                     std::ranges::find(kNumbers, word) == std::end(kNumbers)
                         ? ""
                         : ", since JSON has no such number");
}

constexpr int kNumberTooLarge = 406;  // nlohmann's number for it
struct NumberTooLarge : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// With null, and blanks to its length, for each number that no double holds.
std::string without_large_numbers(std::string_view text) {
  std::string out(text);
  bool quoted = false;
  for (std::size_t at = 0; at < out.size(); ++at) {
    if (quoted && out[at] == '\\') {
      ++at;
      continue;
    }
    if (out[at] == '"') quoted = !quoted;
    if (quoted || std::string_view("-0123456789").find(out[at]) == std::string_view::npos) continue;
    const std::size_t end = std::min(out.find_first_not_of("+-.0123456789eE", at), out.size());
    double value = 0;
    const auto [stop, error] = std::from_chars(out.data() + at, out.data() + end, value);
    if (error == std::errc::result_out_of_range && stop == out.data() + end)
      out.replace(at, end - at,
                  "null" + std::string(end - at - std::min<std::size_t>(4, end - at), ' '));
    at = end - 1;
  }
  return out;
}

// nlohmann's own builder, which takes no more than is allowed.
class Reader : public nlohmann::detail::json_sax_dom_parser<Value> {
 public:
  using Base = nlohmann::detail::json_sax_dom_parser<Value>;
  Reader(Value& out, std::string_view bytes, Value::input_format_t format, const Limits& limits)
      : Base(out), bytes_(bytes), format_(format), limits_(limits) {}
  template <class Exception>
  bool parse_error(std::size_t position, const std::string& token, const Exception& error) {
    if (format_ != Value::input_format_t::json) return Base::parse_error(position, token, error);
    if (error.id == kNumberTooLarge)
      throw NumberTooLarge(fmt::format("the number {} is too large", in_one_line(token, 40)));
    throw std::runtime_error(why_no_json(bytes_, position, error.what()));
  }
  bool null() { return count() && Base::null(); }
  bool boolean(bool v) { return count() && Base::boolean(v); }
  bool number_integer(number_integer_t v) { return count() && Base::number_integer(v); }
  bool number_unsigned(number_unsigned_t v) { return count() && Base::number_unsigned(v); }
  bool number_float(number_float_t v, const string_t& text) {
    return count() && Base::number_float(v, text);
  }
  bool string(string_t& v) { return count() && Base::string(v); }
  bool binary(binary_t& v) { return count() && Base::binary(v); }
  bool start_object(std::size_t n) { return enter() && Base::start_object(n); }
  bool end_object() { return leave() && Base::end_object(); }
  bool start_array(std::size_t n) { return enter() && Base::start_array(n); }
  bool end_array() { return leave() && Base::end_array(); }
  bool key(string_t& v) { return count() && Base::key(v); }

 private:
  bool count() {
    if (++values_ > limits_.values) throw std::runtime_error("it holds too many values");
    return true;
  }
  bool enter() {
    if (++depth_ > limits_.depth) throw std::runtime_error("it is nested too deeply");
    return count();
  }
  bool leave() {
    --depth_;
    return true;
  }
  const std::string_view bytes_;
  const Value::input_format_t format_;
  const Limits limits_;
  std::size_t values_ = 0, depth_ = 0;
};

Value read(std::string_view bytes, Value::input_format_t format, const Limits& limits) {
  Value out;
  Reader reader(out, bytes, format, limits);
  if (!Value::sax_parse(bytes.begin(), bytes.end(), &reader, format))
    throw std::runtime_error("it ends too early");
  return out;
}

}  // namespace

Value parse(std::string_view text, const Limits& limits) {
  try {
    return read(text, Value::input_format_t::json, limits);
  } catch (const NumberTooLarge&) {
    if (!limits.large_numbers) throw;
    return read(without_large_numbers(text), Value::input_format_t::json, limits);
  }
}

Value parse_message_pack(std::string_view bytes, const Limits& limits) {
  return read(bytes, Value::input_format_t::msgpack, limits);
}

std::uint64_t whole(const Value& j, std::uint64_t most) {
  if (!j.is_number_integer() || (!j.is_number_unsigned() && j.get<std::int64_t>() < 0) ||
      j.get<std::uint64_t>() > most)
    throw std::runtime_error("a number is out of range");
  return j.get<std::uint64_t>();
}

double real(const Value& j) {
  if (!j.is_number()) throw std::runtime_error("a number is missing");
  return j.get<double>();
}

bool truth(const Value& j) {
  if (!j.is_boolean()) throw std::runtime_error("a yes or no is missing");
  return j.get<bool>();
}

const Value& list(const Value& j) {
  if (!j.is_array()) throw std::runtime_error("a list is missing");
  return j;
}

const Value& table(const Value& j) {
  if (!j.is_object()) throw std::runtime_error("a table is missing");
  return j;
}

const std::string& text(const Value& j) {
  const std::string& s = j.get_ref<const std::string&>();
  if (!arrow::util::ValidateUTF8(s)) throw std::runtime_error("a text is not UTF-8");
  return s;
}

std::string line(const Value& j, std::size_t most) {
  const std::string& s = text(j);
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; };
  if (s.size() > most || std::any_of(s.begin(), s.end(), control))
    throw std::runtime_error("a line is too long or is several");
  return s;
}

std::string word(const Value& j) { return line(j, kLongestWord); }

}  // namespace jaxsmith::json
