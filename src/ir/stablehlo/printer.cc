#include "ir/stablehlo/printer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "ir/stablehlo/dense.h"
#include "ir/stablehlo/op_table.h"
#include "ir/stablehlo/printer_state.h"

namespace jaxsmith::stablehlo {

bool Printer::bare_key(std::string_view key) {
  if (key.empty() || !is_letter(key[0])) return false;
  for (const char c : key)
    if (!is_word(c)) return false;
  return true;
}

std::string Printer::print() {
  out_ = "module";
  if (!m_.name.empty()) out_ += " @" + symbol_text(m_.name);
  if (!m_.attrs.empty()) {
    out_ += " attributes ";
    dict(m_.attrs);
  }
  out_ += " {\n";
  indent_ = 2;
  for (const auto& [is_function, i] : m_.order) {
    if (is_function)
      function(m_.functions[i]);
    else
      line(m_.ops[i]);
  }
  out_ += "}\n";
  return std::move(out_);
}

std::string Printer::symbol_text(const std::string& name) {
  return bare_key(name) ? name : "\"" + name + "\"";
}

// With its @; a nested one is written as it was read.
void Printer::symbol(const std::string& text) {
  const bool plain = text.starts_with('@') && text.find("::@") == std::string::npos;
  out_ += plain ? "@" + symbol_text(text.substr(1)) : text;
}

void Printer::quoted(std::string_view text) {
  out_ += '"';
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '\\')
      out_ += "\\\\";
    else if (c == '"' || u < 0x20 || u >= 0x7f)
      put("\\{:02X}", u);
    else
      out_ += c;
  }
  out_ += '"';
}

void Printer::attr(const Attr& a) {
  switch (a.kind) {
    case Attr::Kind::kUnit:
      out_ += "unit";
      break;
    case Attr::Kind::kBool:
    case Attr::Kind::kRaw:
      out_ += a.text;
      break;
    case Attr::Kind::kNumber:
      out_ += a.text;
      if (a.type) out_ += " : " + a.type->text();
      break;
    case Attr::Kind::kString:
      quoted(a.text);
      if (a.type) out_ += " : " + a.type->text();
      break;
    case Attr::Kind::kSymbol:
      symbol(a.text);
      break;
    case Attr::Kind::kType:
      out_ += a.type->text();
      break;
    case Attr::Kind::kArray:
      out_ += '[';
      for (std::size_t i = 0; i < a.items.size(); ++i) {
        if (i) out_ += ", ";
        attr(a.items[i]);
      }
      out_ += ']';
      break;
    case Attr::Kind::kDict:
      out_ += '{';
      for (std::size_t i = 0; i < a.items.size(); ++i) {
        if (i) out_ += ", ";
        named(a.keys[i], a.items[i]);
      }
      out_ += '}';
      break;
    case Attr::Kind::kDense:
      put("dense<{}> : {}", print_literal(*a.dense, a.splat), a.type->text());
      break;
    case Attr::Kind::kDenseArray:
      out_ += "array<" + a.text;
      for (std::size_t i = 0; i < a.items.size(); ++i) out_ += (i ? ", " : ": ") + a.items[i].text;
      out_ += '>';
      break;
    case Attr::Kind::kDialect:
      put("#{}<{}>", a.text, a.body);
      if (a.type) out_ += " : " + a.type->text();
      break;
  }
}

void Printer::named(const std::string& key, const Attr& value) {
  if (bare_key(key))
    out_ += key;
  else
    quoted(key);
  if (value.kind == Attr::Kind::kUnit) return;
  out_ += " = ";
  attr(value);
}

void Printer::dict(const std::vector<NamedAttr>& attrs) {
  out_ += '{';
  bool first = true;
  for (const NamedAttr& a : attrs) {
    if (!first) out_ += ", ";
    first = false;
    named(a.name, a.value);
  }
  out_ += '}';
}

void Printer::value(ValueId id) {
  const Value& v = m_.values[id];
  out_ += '%';
  if (const auto own = own_names_.find(id); own != own_names_.end())
    out_ += own->second;
  else
    out_ += v.name;
  if (v.index >= 0) put("#{}", v.index);
}

void Printer::values(const std::vector<ValueId>& ids, std::size_t first) {
  for (std::size_t i = first; i < ids.size(); ++i) {
    if (i > first) out_ += ", ";
    value(ids[i]);
  }
}

void Printer::types(const std::vector<const Type*>& all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i) out_ += ", ";
    out_ += all[i]->text();
  }
}

std::vector<const Type*> Printer::result_types(const Op& op) const {
  std::vector<const Type*> out;
  for (const ValueId id : op.results) out.push_back(m_.type_of(id));
  return out;
}

void Printer::function_type(const Op& op) {
  out_ += '(';
  types(op.operand_types);
  out_ += ") -> ";
  const auto results = result_types(op);
  const bool bare = results.size() == 1 && results[0]->kind != Type::Kind::kFunction;
  if (!bare) out_ += '(';
  types(results);
  if (!bare) out_ += ')';
}

void Printer::result_names(const Op& op) {
  bool any = false;
  for (std::size_t i = 0; i < op.results.size(); ++i) {
    const Value& v = m_.values[op.results[i]];
    if (v.name.empty() || v.index > 0) continue;
    out_ += any ? ", %" : "%";
    any = true;
    out_ += v.name;
    if (v.index != 0) continue;
    std::size_t n = 1;
    while (i + n < op.results.size() && m_.values[op.results[i + n]].index == static_cast<int>(n))
      ++n;
    put(":{}", n);
  }
  if (any) out_ += " = ";
}

void Printer::line(const Op& op) {
  pad();
  result_names(op);
  operation(op);
  out_ += '\n';
}

void Printer::block(const Block& b) {
  indent_ += 2;
  for (const Op& op : b.ops) line(op);
  indent_ -= 2;
}

void Printer::function(const Function& f) {
  pad();
  out_ += "func.func ";
  if (!f.visibility.empty()) out_ += f.visibility + " ";
  out_ += "@" + symbol_text(f.name) + "(";
  for (std::size_t i = 0; i < f.arguments.size(); ++i) {
    if (i) out_ += ", ";
    if (!f.declared_only) {
      value(f.arguments[i].value);
      out_ += ": ";
    }
    out_ += m_.type_of(f.arguments[i].value)->text();
    if (!f.arguments[i].attrs.empty()) {
      out_ += ' ';
      dict(f.arguments[i].attrs);
    }
  }
  out_ += ')';
  if (!f.results.empty()) {
    const bool bare = f.results.size() == 1 && f.results[0].second.empty() &&
                      f.results[0].first->kind != Type::Kind::kFunction;
    out_ += bare ? " -> " : " -> (";
    for (std::size_t i = 0; i < f.results.size(); ++i) {
      if (i) out_ += ", ";
      out_ += f.results[i].first->text();
      if (!f.results[i].second.empty()) {
        out_ += ' ';
        dict(f.results[i].second);
      }
    }
    if (!bare) out_ += ')';
  }
  if (!f.attrs.empty()) {
    out_ += " attributes ";
    dict(f.attrs);
  }
  if (!f.declared_only) {
    out_ += " {\n";
    block(f.body);
    pad();
    out_ += '}';
  }
  out_ += '\n';
}

// ---- Operations ----
std::string_view Printer::short_name(const Op& op) {
  std::string_view name = op.name;
  // Within functions, the func dialect's name is left out.
  if (name == "func.return" || (name == "func.call")) name.remove_prefix(5);
  return name;
}

void Printer::operation(const Op& op) {
  const std::string_view name = op.name;
  if (const Format* form = op.rule ? op.rule->form() : nullptr; form && has_form(*form, op)) {
    // Below another operation's region the dialect of a call is not the default one.
    out_ += name == "func.call" && depth_ > 0 ? std::string_view("func.call") : short_name(op);
    return by_format(*form, op);
  }
  if (name == "stablehlo.constant" || name == "chlo.constant") return constant(op);
  if (name == "stablehlo.slice" && has_slice_form(op)) return slice(op);
  if (name == "stablehlo.dot_general" && op.regions.empty() && op.operands.size() == 2)
    return dot_general(op);
  if (name == "stablehlo.convolution" && op.attr("dimension_numbers")) return convolution(op);
  if (name == "stablehlo.reduce" && has_reduce_form(op)) return reduce(op);
  if (name == "stablehlo.while" && has_while_form(op)) return while_loop(op);
  if (name == "stablehlo.custom_call") return custom_call(op);
  if (name == "chlo.scan" && scan_inputs(op)) return scan(op, *scan_inputs(op));
  if (name == "sdy.manual_computation" && op.regions.size() == 1) return manual_computation(op);
  if (name == "sdy.sharding_constraint") return sharding_constraint(op);
  if (name == "sdy.mesh") return mesh(op);
  if (name.starts_with("check.") || name.starts_with("interpreter.p"))
    return has_test_form(op) ? test_operation(op) : generic(op);
  generic(op);
}

namespace {

bool is_integer(const Attr* a) { return a && a->kind == Attr::Kind::kNumber && a->as_int(); }

// Whether a field of the form (formats.h) can say an attribute's value, so that it is read again.
bool field_says(std::string_view kind, const Attr& a) {
  if (kind == "ints") return is_int_list(&a);
  if (kind == "int") return is_integer(&a);
  if (kind == "bool") return a.kind == Attr::Kind::kBool;
  if (kind == "string") return a.kind == Attr::Kind::kString && !a.type;
  if (kind == "symbol") return a.kind == Attr::Kind::kSymbol;
  const std::string_view body = a.body;
  if (a.kind != Attr::Kind::kDialect || a.text != "stablehlo" || a.type) return false;
  if (!body.starts_with(kind) || body.size() < kind.size() + 2 || body[kind.size()] != ' ')
    return false;
  return std::all_of(body.begin() + static_cast<std::ptrdiff_t>(kind.size()) + 1, body.end(),
                     is_word);
}

bool form_says_attributes(std::string_view form, const Op& op) {
  bool optional = false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '{' || form[i] == '}') optional = form[i] == '{';
    if (form[i] != '<') continue;
    const std::size_t colon = form.find(':', i), end = form.find('>', i);
    const std::string_view name = form.substr(i + 1, colon - i - 1),
                           kind = form.substr(colon + 1, end - colon - 1);
    if (kind == "precision") {
      if (!is_integer(op.attr("exponent_bits")) || !is_integer(op.attr("mantissa_bits")))
        return false;
      continue;
    }
    const Attr* a = op.attr(name);
    if (a ? !field_says(kind, *a) : !optional) return false;
  }
  return true;
}

bool form_says_operands(std::string_view form, const Op& op) {
  std::size_t count = 0;
  bool any_more = false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '%') continue;
    if (i + 1 < form.size() && form[i + 1] == '*')
      any_more = true;
    else
      ++count;
  }
  return any_more ? op.operands.size() >= count : op.operands.size() == count;
}

}  // namespace

bool is_int_list(const Attr* a) {
  if (!a) return false;
  if (a->kind == Attr::Kind::kDenseArray) return a->text == "i64";
  return a->kind == Attr::Kind::kDense && a->type->shape.size() == 1 &&
         (!a->splat || a->type->shape[0] <= kLongestList) &&
         tensor::lane_of(a->dense->dtype()) == tensor::Lane::kInt;
}

// Whether the results' types can be told from what the form says of them.
bool Printer::form_says_results(Types types, const Op& op) const {
  const auto results = result_types(op);
  const bool one = results.size() == 1 && results[0]->kind != Type::Kind::kFunction;
  switch (types) {
    case Types::kResult:
    case Types::kTuple:
    case Types::kComplex:
      return one;
    case Types::kSelect:
      return one && op.operands.size() == 3;
    case Types::kSame:
    case Types::kArrow:
      return one || results.size() != 1;
    case Types::kList:
      // A barrier gives what it takes; others give nothing.
      if (op.name != "stablehlo.optimization_barrier") return results.empty();
      return std::ranges::equal(results, op.operand_types, [](const Type* a, const Type* b) {
        return a == b || a->text() == b->text();
      });
    default:
      return true;
  }
}

// Whether the form can say all of an operation that was read in the generic form.
bool Printer::has_form(const Format& format, const Op& op) const {
  return op.regions.empty() && form_says_operands(format.form, op) &&
         form_says_attributes(format.form, op) && form_says_results(format.types, op);
}

std::vector<std::string> Printer::int_texts(const Attr* a) {
  std::vector<std::string> out;
  if (a && a->kind == Attr::Kind::kDense) {
    if (tensor::lane_of(a->dense->dtype()) != tensor::Lane::kInt)
      return {fmt::format("dense<{}>", print_literal(*a->dense, a->splat))};
    const bool boolean = a->dense->dtype() == DType::kBool;
    const std::int64_t count = tensor::element_count(a->type->shape);
    // No operation takes so long a list: it is said in few words and not spelt out.
    if (a->splat && count > kLongestList)
      return {fmt::format("dense<{}>", print_literal(*a->dense, true))};
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t v = a->dense->int_at(a->splat ? 0 : i);
      out.push_back(boolean ? (v ? "true" : "false") : std::to_string(v));
    }
  } else if (a) {
    for (const Attr& item : a->items) out.push_back(item.text);
  }
  return out;
}

void Printer::bare_ints(const Attr* a) { put("[{}]", fmt::join(int_texts(a), ", ")); }

std::string_view Printer::enum_word(const Attr& a) {
  const std::size_t space = a.body.find(' ');
  return space == std::string::npos ? std::string_view(a.body)
                                    : std::string_view(a.body).substr(space + 1);
}

void Printer::format_field(std::string_view field, const Op& op) {
  const std::size_t colon = field.find(':');
  const std::string_view name = field.substr(0, colon), kind = field.substr(colon + 1);
  if (kind == "precision") {
    put("e{}m{}", op.attr("exponent_bits")->text, op.attr("mantissa_bits")->text);
    return;
  }
  const Attr* a = op.attr(name);
  if (kind == "ints")
    bare_ints(a);
  else if (kind == "string")
    quoted(a->text);
  else if (kind == "symbol")
    symbol(a->text);
  else if (kind == "int" || kind == "bool")
    out_ += a->text;
  else
    out_ += enum_word(*a);
}

// Those that the form does not say.
void Printer::rest_of_attrs(const Op& op, std::string_view form) {
  std::vector<NamedAttr> rest;
  for (const NamedAttr& a : op.attrs) {
    const bool said = form.find("<" + a.name + ":") != std::string_view::npos ||
                      (form.find("<:precision>") != std::string_view::npos &&
                       (a.name == "exponent_bits" || a.name == "mantissa_bits"));
    if (!said) rest.push_back(a);
  }
  if (rest.empty()) return;
  out_ += ' ';
  dict(rest);
}

void Printer::by_format(const Format& format, const Op& op) {
  const std::string_view form = format.form;
  if (!form.empty() && form[0] != '(' && !(form == "%*" && op.operands.empty())) out_ += ' ';
  std::size_t next = 0;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const char c = form[i];
    if (c == '%' && i + 1 < form.size() && form[i + 1] == '*') {
      values(op.operands, next);
      // A comma before no operands is not written.
      if (next == op.operands.size() && next > 0) out_.resize(out_.size() - 2);
      next = op.operands.size();
      ++i;
    } else if (c == '%') {
      value(op.operands[next++]);
    } else if (c == '<') {
      const std::size_t end = form.find('>', i);
      format_field(form.substr(i + 1, end - i - 1), op);
      i = end;
    } else if (c == '{') {
      const std::size_t end = form.find('}', i), at = form.find('<', i);
      if (!op.attr(form.substr(at + 1, form.find(':', at) - at - 1))) i = end;
    } else if (c != '}') {
      out_ += c;
    }
  }
  rest_of_attrs(op, form);
  format_types(format.types, op);
}

void Printer::format_types(Types kind, const Op& op) {
  const auto results = result_types(op);
  switch (kind) {
    case Types::kSame: {
      const bool same =
          results.size() == 1 &&
          std::all_of(op.operand_types.begin(), op.operand_types.end(), [&](const Type* t) {
            return t == results[0] || t->text() == results[0]->text();
          });
      out_ += " : ";
      if (same)
        out_ += results[0]->text();
      else
        function_type(op);
      break;
    }
    case Types::kFunction:
      out_ += " : ";
      function_type(op);
      break;
    case Types::kResult:
    case Types::kTuple:
    case Types::kComplex:
      out_ += " : ";
      types(results);
      break;
    case Types::kList:
      if (op.operands.empty()) break;
      out_ += " : ";
      types(op.operand_types);
      break;
    case Types::kArrow:
      out_ += " : ";
      types(op.operand_types);
      out_ += " -> ";
      if (results.size() != 1) out_ += '(';
      types(results);
      if (results.size() != 1) out_ += ')';
      break;
    case Types::kSelect:
      out_ += " : ";
      if (results[0]->text() != op.operand_types[1]->text() ||
          results[0]->text() != op.operand_types[2]->text()) {
        function_type(op);
      } else {
        put("{}, {}", op.operand_types[0]->text(), results[0]->text());
      }
      break;
    case Types::kNone:
      break;
  }
}

void Printer::region(const Block& b) {
  out_ += "{\n";
  if (!b.arguments.empty()) {
    pad();
    out_ += "^bb0(";
    for (std::size_t i = 0; i < b.arguments.size(); ++i) {
      if (i) out_ += ", ";
      value(b.arguments[i]);
      out_ += ": " + m_.type_of(b.arguments[i])->text();
    }
    out_ += "):\n";
  }
  ++depth_;
  block(b);
  --depth_;
  pad();
  out_ += '}';
}

void Printer::generic(const Op& op) {
  quoted(op.name);
  out_ += '(';
  values(op.operands);
  out_ += ')';
  std::vector<NamedAttr> own, added;
  for (const NamedAttr& a : op.attrs) (a.property ? own : added).push_back(a);
  if (!own.empty()) {
    out_ += " <";
    dict(own);
    out_ += '>';
  }
  if (!op.regions.empty()) {
    out_ += " (";
    for (std::size_t i = 0; i < op.regions.size(); ++i) {
      if (i) out_ += ", ";
      region(op.regions[i]);
    }
    out_ += ')';
  }
  if (!added.empty()) {
    out_ += ' ';
    dict(added);
  }
  out_ += " : ";
  function_type(op);
}

void Printer::except(const Op& op, std::initializer_list<std::string_view> said) {
  std::vector<NamedAttr> rest;
  for (const NamedAttr& a : op.attrs)
    if (std::find(said.begin(), said.end(), a.name) == said.end()) rest.push_back(a);
  if (rest.empty()) return;
  out_ += ' ';
  dict(rest);
}

std::string print(const Attr& attribute) {
  const Module none;
  return Printer(none).print_attribute(attribute);
}

std::string print(const Module& module) { return Printer(module).print(); }

}  // namespace jaxsmith::stablehlo
