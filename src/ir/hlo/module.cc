#include "ir/hlo/module.h"

#include <charconv>

namespace jaxsmith::hlo {
namespace {

template <class T>
std::optional<T> to_number(std::string_view text) {
  T value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Numbers of "0_0x1_1", a list per 'x', each of numbers between '_'.
std::optional<std::vector<std::vector<std::int64_t>>> split_numbers(std::string_view text) {
  std::vector<std::vector<std::int64_t>> dims(1);
  while (true) {
    std::size_t end = text.find_first_of("_x");
    auto value = to_number<std::int64_t>(text.substr(0, end));
    if (!value) return std::nullopt;
    dims.back().push_back(*value);
    if (end == std::string_view::npos) return dims;
    if (text[end] == 'x') dims.emplace_back();
    text.remove_prefix(end + 1);
  }
}

bool set_window_field(std::vector<WindowDim>& window, std::string_view key,
                      const std::vector<std::vector<std::int64_t>>& values) {
  if (values.size() != window.size()) return false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    WindowDim& dim = window[i];
    const std::vector<std::int64_t>& value = values[i];
    if (value.size() != (key == "pad" ? 2 : 1)) return false;
    if (key == "size")
      dim.size = value[0];
    else if (key == "stride")
      dim.stride = value[0];
    else if (key == "pad")
      dim.pad_low = value[0], dim.pad_high = value[1];
    else if (key == "lhs_dilate")
      dim.lhs_dilation = value[0];
    else if (key == "rhs_dilate")
      dim.rhs_dilation = value[0];
    else if (key == "rhs_reversal")
      dim.reversal = value[0] != 0;
    else
      return false;
  }
  return true;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

// Reads up to `most` digits; `at` ends behind them.
char numeric_escape(std::string_view text, std::size_t& at, int base, std::size_t most) {
  int value = 0;
  for (std::size_t n = 0; n < most && at < text.size() && digit_of(text[at]) < base; ++n) {
    value = (value * base + digit_of(text[at++])) & 0xff;
  }
  return static_cast<char>(value);
}

// What absl::CUnescape does; an escape it does not know stands for the character itself.
std::string unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    char c = text[i++];
    if (c != '\\' || i == text.size()) {
      out += c;
      continue;
    }
    char kind = text[i++];
    constexpr std::string_view kFrom = "nrtabfv", kTo = "\n\r\t\a\b\f\v";
    if (std::size_t known = kFrom.find(kind); known != std::string_view::npos) {
      out += kTo[known];
    } else if (kind >= '0' && kind <= '7') {
      out += numeric_escape(text, --i, 8, 3);
    } else if ((kind == 'x' || kind == 'X') && i < text.size() && digit_of(text[i]) < 16) {
      out += numeric_escape(text, i, 16, 2);
    } else {
      out += kind;
    }
  }
  return out;
}

}  // namespace

std::optional<std::int64_t> AttributeValue::as_int() const {
  return kind == Kind::kWord ? to_number<std::int64_t>(text) : std::nullopt;
}

std::optional<double> AttributeValue::as_real() const {
  return kind == Kind::kWord ? to_number<double>(text) : std::nullopt;
}

std::optional<bool> AttributeValue::as_bool() const {
  if (kind != Kind::kWord || (text != "true" && text != "false")) return std::nullopt;
  return text == "true";
}

std::string_view AttributeValue::as_word() const {
  return kind == Kind::kWord ? std::string_view(text) : std::string_view();
}

const std::vector<std::int64_t>* AttributeValue::as_ints() const {
  return kind == Kind::kInts ? &ints : nullptr;
}

const std::vector<std::int64_t>* AttributeValue::as_names() const {
  return kind == Kind::kComputations || kind == Kind::kInstructions ? &ints : nullptr;
}

std::optional<std::string> AttributeValue::as_string() const {
  if (kind == Kind::kText) return text;
  if (kind != Kind::kString) return std::nullopt;
  return unescape(text);
}

std::optional<std::vector<WindowDim>> AttributeValue::as_window() const {
  if (kind == Kind::kInts && ints.empty()) return std::vector<WindowDim>();
  const AttributeValue* size = field("size");
  if (size == nullptr) return std::nullopt;
  auto sizes = split_numbers(size->as_word());
  if (!sizes) return std::nullopt;
  std::vector<WindowDim> window(sizes->size());
  for (const Attribute& part : fields) {
    auto values = split_numbers(part.value.as_word());
    if (!values || !set_window_field(window, part.key, *values)) return std::nullopt;
  }
  return window;
}

std::optional<std::vector<PaddingDim>> AttributeValue::as_padding() const {
  if (kind != Kind::kWord) return std::nullopt;
  std::vector<PaddingDim> padding;
  if (text.empty()) return padding;
  auto values = split_numbers(text);
  if (!values) return std::nullopt;
  for (const std::vector<std::int64_t>& value : *values) {
    if (value.size() < 2 || value.size() > 3) return std::nullopt;
    padding.push_back({value[0], value[1], value.size() == 3 ? value[2] : 0});
  }
  return padding;
}

const std::vector<SliceDim>* AttributeValue::as_slices() const {
  return kind == Kind::kSlices ? &slices : nullptr;
}

const AttributeValue* AttributeValue::field(std::string_view key) const {
  return kind == Kind::kRecord ? find(fields, key) : nullptr;
}

const AttributeValue* Instruction::attribute(std::string_view key) const {
  return find(attributes, key);
}

const AttributeValue* Module::attribute(std::string_view key) const {
  return find(attributes, key);
}

const AttributeValue* find(const std::vector<Attribute>& attributes, std::string_view key) {
  for (const Attribute& attribute : attributes) {
    if (attribute.key == key) return &attribute.value;
  }
  return nullptr;
}

}  // namespace jaxsmith::hlo
