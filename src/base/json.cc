#include "base/json.h"

#include <arrow/util/utf8.h>

#include <algorithm>

namespace jaxsmith::json {
namespace {

// nlohmann's own builder, which takes no more than is allowed.
class Reader : public nlohmann::detail::json_sax_dom_parser<Value> {
 public:
  using Base = nlohmann::detail::json_sax_dom_parser<Value>;
  Reader(Value& out, const Limits& limits) : Base(out), limits_(limits) {}
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
  const Limits limits_;
  std::size_t values_ = 0, depth_ = 0;
};

Value read(std::string_view bytes, Value::input_format_t format, const Limits& limits) {
  Value out;
  Reader reader(out, limits);
  if (!Value::sax_parse(bytes.begin(), bytes.end(), &reader, format))
    throw std::runtime_error("it ends too early");
  return out;
}

}  // namespace

Value parse(std::string_view text, const Limits& limits) {
  return read(text, Value::input_format_t::json, limits);
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
