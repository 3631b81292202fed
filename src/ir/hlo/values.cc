#include "ir/hlo/values.h"

#include <algorithm>
#include <array>

#include "ir/common/sharding.h"

namespace jaxsmith::hlo {
namespace {

using Kind = AttributeValue::Kind;

constexpr std::array<std::string_view, 32> kElementTypes = {"f32",        "s32",
                                                            "pred",       "u32",
                                                            "f16",        "bf16",
                                                            "f64",        "s8",
                                                            "u8",         "s16",
                                                            "u16",        "s64",
                                                            "u64",        "c64",
                                                            "c128",       "s1",
                                                            "u1",         "s2",
                                                            "u2",         "s4",
                                                            "u4",         "f8e5m2",
                                                            "f8e4m3",     "f8e3m4",
                                                            "f8e4m3fn",   "f8e4m3b11fnuz",
                                                            "f8e4m3fnuz", "f8e5m2fnuz",
                                                            "f8e8m0fnu",  "f4e2m1fn",
                                                            "token",      "opaque"};

bool is_number_char(char c) {
  return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '+';
}

bool is_integer_type(std::string_view type) {
  return (type[0] == 's' || type[0] == 'u') && type.size() > 1 && is_digit(type[1]);
}

// Rough: a consumer converts the number and may still refuse it.
bool is_scalar_of(std::string_view type, std::string_view text) {
  if (type == "pred") return text == "true" || text == "false" || text == "0" || text == "1";
  std::string_view digits = text;
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
  if (digits.empty()) return false;
  if (!type.empty() && is_integer_type(type)) return std::ranges::all_of(digits, is_digit);
  if (digits.starts_with("nan") || digits == "inf") return true;
  if (type.empty() && (text == "true" || text == "false")) return true;
  return std::ranges::all_of(digits, [](char c) {
    return is_digit(c) || c == '.' || c == 'e' || c == 'E' || c == '-' || c == '+';
  });
}

bool is_complex(const Shape& shape) { return shape.element == "c64" || shape.element == "c128"; }

}  // namespace

ir::Nesting ValueReader::nested() {
  return {depth_, [&] { in_.fail("nested too deeply"); }};
}

// --- shapes

Shape ValueReader::shape() {
  const ir::Nesting level = nested();
  if (in_.accept('(')) return tuple_shape();
  Shape out;
  out.kind = Shape::Kind::kArray;
  std::size_t begin = in_.offset();
  out.element = in_.identifier("a shape");
  if (std::ranges::find(kElementTypes, out.element) == kElementTypes.end()) {
    in_.fail_at(begin, "unknown element type '" + out.element + "'");
  }
  in_.expect('[');
  if (!in_.accept(']')) {
    do dimension(out);
    while (in_.accept(','));
    in_.expect(']');
  }
  if (layout_follows()) out.layout = layout();
  if (out.layout && out.layout->minor_to_major.empty() && out.layout->extra.empty() &&
      !out.dims.empty())
    in_.fail_at(begin, "its layout leaves its dimensions out");
  return out;
}

Shape ValueReader::tuple_shape() {
  Shape out;
  out.kind = Shape::Kind::kTuple;
  if (in_.accept(')')) return out;
  do {
    bool comment = in_.skip();
    if (!out.elements.empty()) shape_comments.note(out.elements.size(), comment);
    out.elements.push_back(shape());
  } while (in_.accept(','));
  in_.expect(')');
  return out;
}

void ValueReader::dimension(Shape& out) {
  bool bounded = in_.accept(std::string_view("<="));
  bool unbounded = in_.accept('?');
  std::size_t begin = in_.offset();
  std::int64_t size = unbounded ? kUnbounded : in_.integer();
  if (!unbounded && size < 0) in_.fail_at(begin, "negative size of a dimension");
  if ((bounded || unbounded) && out.dynamic.empty()) out.dynamic.assign(out.dims.size(), false);
  out.dims.push_back(size);
  if (!out.dynamic.empty() || bounded || unbounded) out.dynamic.push_back(bounded || unbounded);
}

// A brace behind a shape may begin a layout or the body of a computation.
bool ValueReader::layout_follows() {
  if (in_.here() == '{' && in_.next() == '}') return true;
  std::size_t begin = in_.offset();
  bool follows = in_.accept('{') && (is_digit(in_.peek()) || in_.here() == ':');
  in_.set_offset(begin);
  return follows;
}

Layout ValueReader::layout() {
  Layout out;
  in_.expect('{');
  if (is_digit(in_.peek())) {
    do out.minor_to_major.push_back(in_.integer());
    while (in_.accept(','));
  }
  if (in_.accept(':')) {
    for (int depth = 0; depth > 0 || in_.peek() != '}'; in_.advance()) {
      if (in_.at_end()) in_.expected("'}'");
      if (in_.here() == '{') ++depth;
      if (in_.here() == '}') --depth;
      out.extra += in_.here();
    }
  }
  in_.expect('}');
  return out;
}

// --- constants

Literal ValueReader::literal(const Shape& shape) {
  const ir::Nesting level = nested();
  Literal out;
  std::size_t begin = in_.offset();
  out.complex = is_complex(shape);
  if (shape.tuple()) {
    out.tuple = true;
    in_.expect('(');
    for (std::size_t i = 0; i < shape.elements.size(); ++i) {
      if (i > 0) in_.expect(',');
      out.elements.push_back(literal(shape.elements[i]));
    }
    in_.expect(')');
    return out;
  }
  literal_elements(shape, out, 0);
  if (shape.array()) {
    if (out.dims.size() < shape.dims.size()) {
      out.dims.insert(out.dims.end(), shape.dims.begin() + out.dims.size(), shape.dims.end());
    }
    if (shape.element == "token" || shape.element == "opaque") {
      in_.fail_at(begin, "constant of type " + shape.element);
    }
  }
  return out;
}

void ValueReader::literal_elements(const Shape& shape, Literal& out, std::size_t level) {
  const ir::Nesting nesting = nested();
  in_.skip();
  std::size_t begin = in_.offset();
  bool brace = in_.here() == '{';
  if (shape.array() && brace != (level < shape.dims.size())) {
    if (!brace) in_.expected("'{'");
    std::size_t at = in_.offset();
    in_.advance();
    if (in_.accept(std::string_view("...")))
      in_.fail_at(at, "the constant is elided: print large constants");
    in_.fail_at(at, "expected a number, found '{'");
  }
  if (!brace) {
    if (shape.absent() && level != out.dims.size()) in_.fail("number among lists in a constant");
    return scalar(shape, out);
  }
  in_.advance();
  if (in_.accept(std::string_view("...")))
    in_.fail_at(begin, "the constant is elided: print large constants");
  bool first = out.dims.size() <= level;  // of this level: says how many there are
  if (first) {
    if (shape.absent() && out.size() > 0) in_.fail_at(begin, "list among numbers in a constant");
    out.dims.push_back(-1);
  }
  std::int64_t count = 0;
  if (!in_.accept('}')) {
    do {
      literal_elements(shape, out, level + 1);
      ++count;
    } while (in_.accept(','));
    in_.expect('}');
  }
  std::int64_t& expected = out.dims[level];
  if (expected < 0) expected = count;
  bool dynamic = shape.array() && !shape.dynamic.empty() && shape.dynamic[level];
  bool fits =
      count == expected && (!shape.array() || count == shape.dims[level] ||
                            (dynamic && (count < shape.dims[level] || shape.dims[level] < 0)));
  if (!fits) {
    std::int64_t due = shape.array() ? shape.dims[level] : expected;
    in_.fail_at(begin, "a list of " + std::to_string(count) + " in a constant instead of " +
                           std::to_string(due));
  }
}

void ValueReader::scalar(const Shape& shape, Literal& out) {
  bool pair = in_.accept('(');
  if (shape.array() && pair != out.complex) {
    in_.expected(out.complex ? "a complex number" : "a number");
  }
  if (shape.absent() && pair && out.size() == 0) out.complex = true;
  if (pair != out.complex) in_.fail("a real among complex numbers");
  scalar_part(shape, out);
  if (!pair) return;
  in_.expect(',');
  scalar_part(shape, out);
  in_.expect(')');
}

void ValueReader::scalar_part(const Shape& shape, Literal& out) {
  in_.skip();
  std::size_t begin = in_.offset();
  while (is_number_char(in_.here())) in_.advance();
  std::string_view text = in_.text().substr(begin, in_.offset() - begin);
  if (in_.here() == '(' && text.ends_with("nan")) {  // nan(0x7fc00001)
    while (in_.here() != ')' && (in_.here() == '(' || is_number_char(in_.here()))) in_.advance();
    if (in_.here() != ')') in_.expected("')'");
    in_.advance();
    text = in_.text().substr(begin, in_.offset() - begin);
  }
  if (text.empty()) in_.expected("a number");
  if (!is_scalar_of(out.complex ? std::string_view("f32") : std::string_view(shape.element),
                    text)) {
    in_.fail_at(begin, "'" + std::string(text.substr(0, 40)) + "' is no " +
                           (shape.absent() ? std::string("number") : shape.element));
  }
  out.text += text;
  out.ends.push_back(static_cast<std::uint32_t>(out.text.size()));
}

// --- values of attributes

bool ValueReader::names_computations(std::string_view key) {
  constexpr std::array<std::string_view, 10> kKeys = {"to_apply",
                                                      "calls",
                                                      "condition",
                                                      "body",
                                                      "select",
                                                      "scatter",
                                                      "true_computation",
                                                      "false_computation",
                                                      "branch_computations",
                                                      "called_computations"};
  return std::ranges::find(kKeys, key) != kKeys.end();
}

AttributeValue ValueReader::value(std::string_view key, std::vector<NameReference>& out) {
  in_.skip();
  std::size_t begin = in_.offset();
  if (names_computations(key)) return names(Kind::kComputations, out);
  if (key == "control-predecessors") return names(Kind::kInstructions, out);
  if (key == "operand_layout_constraints") return shapes();
  if (key == "entry_computation_layout") return program_shape();
  if (key == "slice") return slices();
  if (key == "output_to_operand_aliasing" || key == "input_output_alias" || key == "buffer_donor") {
    return aliases();
  }
  if (key == "replica_groups") return replica_groups();
  if (key == "frontend_attributes") return frontend_attributes();
  if (in_.here() == '{') {
    if (key == "sharding") return sharding();
    if (key == "origin" || key == "domain") return raw();
    if (key == "backend_config" || key == "origin_recovery_table") return verbatim();
  }
  if (key == "outfeed_shape") {
    AttributeValue out_shape;
    out_shape.kind = Kind::kShape;
    out_shape.shapes.push_back(shape());
    return out_shape;
  }
  // Of a scalar nothing is left of the padding.
  if (key == "padding" && !is_digit(in_.here()) && in_.here() != '-') return {};
  AttributeValue out_value = any();
  if (key == "window" && !out_value.as_window()) in_.fail_at(begin, "malformed window");
  if (key == "padding" && !out_value.as_padding()) in_.fail_at(begin, "malformed padding");
  return out_value;
}

AttributeValue ValueReader::any() {
  const ir::Nesting level = nested();
  switch (in_.peek()) {
    case '"':
      return quoted();
    case '{':
      return braces();
    default:
      return word();
  }
}

AttributeValue ValueReader::braces() {
  std::size_t begin = in_.offset();
  in_.expect('{');
  char c = in_.peek();
  if (c == '}' || is_digit(c) || c == '-') {
    in_.set_offset(begin);
    return integers();
  }
  bool keyed = false;
  if (is_letter(c) || c == '_') {
    in_.identifier("a key");
    keyed = in_.peek() == '=';
  }
  in_.set_offset(begin);
  return keyed ? record() : list();
}

// {0,1}; a list of words if a number turns out to be something else.
AttributeValue ValueReader::integers() {
  AttributeValue out;
  out.kind = Kind::kInts;
  std::size_t begin = in_.offset();
  in_.expect('{');
  if (in_.accept('}')) return out;
  do {
    bool number = is_digit(in_.peek()) || (in_.here() == '-' && is_digit(in_.next()));
    if (number) out.ints.push_back(in_.integer());
    if (!number || (in_.peek() != ',' && in_.here() != '}')) {
      in_.set_offset(begin);
      return list();
    }
  } while (in_.accept(','));
  in_.expect('}');
  return out;
}

AttributeValue ValueReader::list() {
  AttributeValue out;
  out.kind = Kind::kList;
  in_.expect('{');
  do out.items.push_back(any());
  while (in_.accept(','));
  in_.expect('}');
  return out;
}

AttributeValue ValueReader::record() {
  in_.skip();
  AttributeValue out;
  out.kind = Kind::kRecord;
  in_.expect('{');
  while (!in_.accept('}')) {
    if (!out.fields.empty() && in_.accept(',')) out.separator = ',';
    Attribute field;
    in_.skip();
    field.offset = in_.offset();
    field.key = in_.identifier("a key");
    in_.expect('=');
    field.value = any();
    out.fields.push_back(std::move(field));
  }
  return out;
}

// Up to a comma, a blank or a closing bracket; what is in brackets belongs to it.
AttributeValue ValueReader::word() {
  AttributeValue out;
  in_.skip();
  int depth = 0;
  while (true) {
    if (depth > 0) in_.skip();
    char c = in_.here();
    if (c == '"' && depth > 0) {
      std::size_t begin = in_.offset();
      in_.string();
      out.text += in_.text().substr(begin, in_.offset() - begin);
      continue;
    }
    if (c <= ' ' || c > '~' || c == '"' || c == '{' || c == '}') break;
    if (depth == 0 && (c == ',' || c == '/')) break;
    if (c == '[' || c == '(') ++depth;
    if ((c == ']' || c == ')') && --depth < 0) break;
    out.text += c;
    in_.advance();
  }
  if (depth > 0) in_.expected("a closing bracket");
  if (out.text.empty()) in_.expected("a value");
  return out;
}

// Besides lists: [2,4]<=[8]T(1,0), mesh['x'=2,'y'=4], device_ids=([8]) {'x','y':(1)2}.
AttributeValue ValueReader::replica_groups() {
  if (in_.peek() == '{') return braces();
  AttributeValue out = word();
  if (!out.text.starts_with("mesh[") && !out.text.starts_with("maximal_mesh[")) return out;
  std::size_t end = in_.offset();
  if (in_.accept(',') && in_.accept(std::string_view("device_ids="))) {
    out.text += ", device_ids=" + word().text;
  } else {
    in_.set_offset(end);
  }
  if (in_.peek() == '{') out.text += " {" + raw().text + "}";
  return out;
}

AttributeValue ValueReader::quoted() {
  AttributeValue out;
  out.kind = Kind::kString;
  out.text = in_.string();
  return out;
}

AttributeValue ValueReader::names(Kind kind, std::vector<NameReference>& names) {
  AttributeValue out;
  out.kind = kind;
  out.braced = in_.accept('{');
  if (out.braced && in_.accept('}')) return out;
  do {
    in_.skip();
    std::size_t begin = in_.offset();
    names.push_back({in_.name("a name", percent), begin});
    out.ints.push_back(-1);
  } while (out.braced && in_.accept(','));
  if (out.braced) in_.expect('}');
  return out;
}

AttributeValue ValueReader::shapes() {
  AttributeValue out;
  out.kind = Kind::kShapes;
  in_.expect('{');
  if (in_.accept('}')) return out;
  do out.shapes.push_back(shape());
  while (in_.accept(','));
  in_.expect('}');
  return out;
}

AttributeValue ValueReader::program_shape() {
  AttributeValue out;
  out.kind = Kind::kProgramShape;
  in_.expect('{');
  in_.expect('(');
  if (!in_.accept(')')) {
    do {
      bool comment = in_.skip();
      if (!out.shapes.empty()) shape_comments.note(out.shapes.size(), comment);
      out.shapes.push_back(shape());
    } while (in_.accept(','));
    in_.expect(')');
  }
  if (!in_.accept(std::string_view("->"))) in_.expected("'->'");
  out.shapes.push_back(shape());
  in_.expect('}');
  return out;
}

AttributeValue ValueReader::slices() {
  AttributeValue out;
  out.kind = Kind::kSlices;
  in_.expect('{');
  if (in_.accept('}')) return out;
  do {
    SliceDim dim;
    in_.expect('[');
    dim.start = in_.integer();
    in_.expect(':');
    dim.limit = in_.integer();
    dim.stride_written = in_.accept(':');
    if (dim.stride_written) dim.stride = in_.integer();
    in_.expect(']');
    out.slices.push_back(dim);
  } while (in_.accept(','));
  in_.expect('}');
  return out;
}

AttributeValue ValueReader::aliases() {
  AttributeValue out;
  out.kind = Kind::kAliases;
  in_.expect('{');
  if (in_.accept('}')) return out;
  do out.aliases.push_back(alias());
  while (in_.accept(','));
  in_.expect('}');
  return out;
}

Alias ValueReader::alias() {
  Alias out;
  out.has_output = in_.peek() == '{';
  if (out.has_output) {
    out.output_index = braced_integers();
    in_.expect(':');
  }
  in_.expect('(');
  out.parameter = in_.integer();
  in_.expect(',');
  out.parameter_index = braced_integers();
  if (in_.accept(',')) out.kind = in_.identifier("a kind of alias");
  in_.expect(')');
  return out;
}

std::vector<std::int64_t> ValueReader::braced_integers() {
  std::vector<std::int64_t> out;
  in_.expect('{');
  if (in_.accept('}')) return out;
  do out.push_back(in_.integer());
  while (in_.accept(','));
  in_.expect('}');
  return out;
}

AttributeValue ValueReader::sharding() {
  std::size_t begin = in_.offset();
  in_.expect('{');
  if (in_.peek() != '{') {
    in_.set_offset(begin);
    AttributeValue out = raw();
    require_devices(out.text, begin);
    return out;
  }
  AttributeValue out;
  out.kind = Kind::kShardings;
  do {
    if (in_.peek() != '{') in_.expected("'{'");
    const std::size_t at = in_.offset();
    out.items.push_back(raw());
    require_devices(out.items.back().text, at);
  } while (in_.accept(','));
  in_.expect('}');
  return out;
}

// devices=[2,4] of a sharding, as many as meshes may have.
void ValueReader::require_devices(std::string_view sharding, std::size_t at) {
  constexpr std::string_view kKey = "devices=[";
  if (!sharding.starts_with(kKey)) return;
  Cursor sizes(sharding.substr(kKey.size()));
  std::int64_t count = 1;
  do {
    std::int64_t size = 0;
    if (!is_digit(sizes.peek())) return;
    while (is_digit(sizes.here()) && size <= ir::Mesh::kMostDevices) {
      size = size * 10 + (sizes.here() - '0');
      sizes.advance();
    }
    if (size < 1 || size > ir::Mesh::kMostDevices / count)
      in_.fail_at(at,
                  "a sharding is over 1 to " + std::to_string(ir::Mesh::kMostDevices) + " devices");
    count *= size;
  } while (sizes.accept(','));
}

AttributeValue ValueReader::raw() {
  AttributeValue out;
  out.kind = Kind::kRaw;
  in_.expect('{');
  in_.skip();
  for (int depth = 0; depth > 0 || in_.here() != '}';) {
    std::size_t begin = in_.offset();
    if (in_.here() == '"') {
      in_.string();
      out.text += in_.text().substr(begin, in_.offset() - begin);
    } else {
      if (in_.here() == '{') ++depth;
      if (in_.here() == '}') --depth;
      out.text += in_.here();
      in_.advance();
    }
    std::size_t end = in_.offset();
    if (in_.at_end()) in_.expected("'}'");
    if (in_.offset() > end && (depth > 0 || in_.here() != '}')) out.text += ' ';
  }
  in_.advance();
  return out;
}

// JSON or a dictionary of MLIR: blanks inside may be part of it.
AttributeValue ValueReader::verbatim() {
  AttributeValue out;
  out.kind = Kind::kText;
  std::size_t begin = in_.offset();
  int depth = 0;
  do {
    char c = in_.here();
    if (c == '"') {
      in_.string();
      continue;
    }
    if (in_.offset() >= in_.text().size()) in_.fail_at(begin, "braces without an end");
    if (c == '{') ++depth;
    if (c == '}') --depth;
    in_.advance();
  } while (depth > 0);
  out.text = in_.text().substr(begin, in_.offset() - begin);
  return out;
}

AttributeValue ValueReader::frontend_attributes() {
  AttributeValue out;
  in_.expect('{');
  out.kind = Kind::kRecord;
  out.separator = ',';
  if (in_.accept('}')) return out;
  do {
    Attribute field;
    in_.skip();
    field.offset = in_.offset();
    field.key = in_.key("a key");
    field.value = in_.peek() == '{' ? verbatim() : quoted();
    out.fields.push_back(std::move(field));
  } while (in_.accept(','));
  in_.expect('}');
  return out;
}

}  // namespace jaxsmith::hlo
