#include "ir/stablehlo/printer.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "ir/stablehlo/dense.h"
#include "ir/stablehlo/formats.h"

namespace jaxsmith::stablehlo {
namespace {

bool bare_key(std::string_view key) {
  if (key.empty() || (key[0] >= '0' && key[0] <= '9')) return false;
  for (const char c : key)
    if (!is_word(c)) return false;
  return true;
}

class Printer {
 public:
  explicit Printer(const Module& module) : m_(module) {}

  std::string print() {
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

 private:
  template <class... T>
  void put(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(values)...);
  }

  static std::string symbol_text(const std::string& name) {
    return bare_key(name) ? name : "\"" + name + "\"";
  }

  // With its @; a nested one is written as it was read.
  void symbol(const std::string& text) {
    out_ += text.find("::@") == std::string::npos ? "@" + symbol_text(text.substr(1)) : text;
  }

  void quoted(std::string_view text) {
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

  void attr(const Attr& a) {
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
        for (std::size_t i = 0; i < a.items.size(); ++i)
          out_ += (i ? ", " : ": ") + a.items[i].text;
        out_ += '>';
        break;
      case Attr::Kind::kDialect:
        put("#{}<{}>", a.text, a.body);
        if (a.type) out_ += " : " + a.type->text();
        break;
    }
  }

  void named(const std::string& key, const Attr& value) {
    if (bare_key(key))
      out_ += key;
    else
      quoted(key);
    if (value.kind == Attr::Kind::kUnit) return;
    out_ += " = ";
    attr(value);
  }

  void dict(const std::vector<NamedAttr>& attrs) {
    out_ += '{';
    bool first = true;
    for (const NamedAttr& a : attrs) {
      if (!first) out_ += ", ";
      first = false;
      named(a.name, a.value);
    }
    out_ += '}';
  }

  void value(ValueId id) {
    const Value& v = m_.values[id];
    out_ += '%';
    if (const auto own = own_names_.find(id); own != own_names_.end())
      out_ += own->second;
    else
      out_ += v.name;
    if (v.index >= 0) put("#{}", v.index);
  }

  void values(const std::vector<ValueId>& ids, std::size_t first = 0) {
    for (std::size_t i = first; i < ids.size(); ++i) {
      if (i > first) out_ += ", ";
      value(ids[i]);
    }
  }

  void types(const std::vector<const Type*>& all) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i) out_ += ", ";
      out_ += all[i]->text();
    }
  }

  std::vector<const Type*> result_types(const Op& op) const {
    std::vector<const Type*> out;
    for (const ValueId id : op.results) out.push_back(m_.type_of(id));
    return out;
  }

  void function_type(const Op& op) {
    out_ += '(';
    types(op.operand_types);
    out_ += ") -> ";
    const auto results = result_types(op);
    const bool bare = results.size() == 1 && results[0]->kind != Type::Kind::kFunction;
    if (!bare) out_ += '(';
    types(results);
    if (!bare) out_ += ')';
  }

  void result_names(const Op& op) {
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

  void pad() { out_.append(static_cast<std::size_t>(indent_), ' '); }

  void line(const Op& op) {
    pad();
    result_names(op);
    operation(op);
    out_ += '\n';
  }

  void block(const Block& b) {
    indent_ += 2;
    for (const Op& op : b.ops) line(op);
    indent_ -= 2;
  }

  void function(const Function& f) {
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

  static std::string_view short_name(const Op& op) {
    std::string_view name = op.name;
    // Within functions, the func dialect's name is left out.
    if (name == "func.return" || (name == "func.call")) name.remove_prefix(5);
    return name;
  }

  void operation(const Op& op) {
    if (const Format* format = format_of(op.name); format && has_form(*format, op)) {
      // Below another operation's region the dialect of a call is not the default one.
      out_ += op.name == "func.call" && depth_ > 0 ? std::string_view("func.call") : short_name(op);
      return by_format(*format, op);
    }
    if (op.name == "stablehlo.constant") return constant(op);
    if (op.name == "stablehlo.slice") return slice(op);
    if (op.name == "stablehlo.dot_general" && op.regions.empty()) return dot_general(op);
    if (op.name == "stablehlo.convolution" && op.attr("dimension_numbers")) return convolution(op);
    if (op.name == "stablehlo.reduce" && op.regions.size() == 1) return reduce(op);
    if (op.name == "stablehlo.while" && op.regions.size() == 2) return while_loop(op);
    if (op.name == "stablehlo.custom_call") return custom_call(op);
    if (op.name == "chlo.scan" && scan_inputs(op)) return scan(op, *scan_inputs(op));
    if (op.name == "sdy.manual_computation") return manual_computation(op);
    if (op.name == "sdy.sharding_constraint") return sharding_constraint(op);
    if (op.name == "sdy.mesh") return mesh(op);
    if (op.name.starts_with("check.") || op.name.starts_with("interpreter.p"))
      return has_test_form(op) ? test_operation(op) : generic(op);
    generic(op);
  }

  // Whether the form can say all of an operation that was read in the generic form.
  static bool has_form(const Format& format, const Op& op) {
    const std::string_view form = format.form;
    bool optional = false;
    for (std::size_t i = 0; i < form.size(); ++i) {
      if (form[i] == '{' || form[i] == '}') optional = form[i] == '{';
      if (form[i] != '<') continue;
      const std::size_t colon = form.find(':', i);
      const std::string_view name = form.substr(i + 1, colon - i - 1);
      if (!optional && !name.empty() && !op.attr(name)) return false;
    }
    return op.regions.empty();
  }

  void bare_ints(const Attr* a) {
    out_ += '[';
    if (a && a->kind == Attr::Kind::kDense) {
      const bool boolean = a->dense->dtype() == DType::kBool;
      for (std::int64_t i = 0; i < element_count(a->type->shape); ++i) {
        if (i) out_ += ", ";
        const std::int64_t v = a->dense->int_at(a->splat ? 0 : i);
        if (boolean)
          out_ += v ? "true" : "false";
        else
          put("{}", v);
      }
    } else if (a) {
      for (std::size_t i = 0; i < a->items.size(); ++i) out_ += (i ? ", " : "") + a->items[i].text;
    }
    out_ += ']';
  }

  static std::string_view enum_word(const Attr& a) {
    const std::size_t space = a.body.find(' ');
    return space == std::string::npos ? std::string_view(a.body)
                                      : std::string_view(a.body).substr(space + 1);
  }

  void format_field(std::string_view field, const Op& op) {
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
  void rest_of_attrs(const Op& op, std::string_view form) {
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

  void by_format(const Format& format, const Op& op) {
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
        if (next < op.operands.size()) value(op.operands[next++]);
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

  void format_types(Types kind, const Op& op) {
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

  void region(const Block& b) {
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

  void generic(const Op& op) {
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

  void except(const Op& op, std::initializer_list<std::string_view> said) {
    std::vector<NamedAttr> rest;
    for (const NamedAttr& a : op.attrs)
      if (std::find(said.begin(), said.end(), a.name) == said.end()) rest.push_back(a);
    if (rest.empty()) return;
    out_ += ' ';
    dict(rest);
  }

  void constant(const Op& op) {
    out_ += "stablehlo.constant";
    except(op, {"value"});
    out_ += ' ';
    if (const Attr* v = op.attr("value")) attr(*v);
  }

  void slice(const Op& op) {
    out_ += "stablehlo.slice ";
    values(op.operands);
    out_ += " [";
    const Attr *start = op.attr("start_indices"), *limit = op.attr("limit_indices"),
               *strides = op.attr("strides");
    if (start && limit && strides && start->items.size() == limit->items.size() &&
        start->items.size() == strides->items.size())
      for (std::size_t i = 0; i < start->items.size(); ++i) {
        if (i) out_ += ", ";
        out_ += start->items[i].text + ":" + limit->items[i].text;
        if (strides->items[i].text != "1") out_ += ":" + strides->items[i].text;
      }
    out_ += ']';
    except(op, {"start_indices", "limit_indices", "strides"});
    out_ += " : ";
    function_type(op);
  }

  static std::string list_in(const std::string& body, std::string_view key) {
    const std::size_t at = body.find(std::string(key) + " = [");
    if (at == std::string::npos) return "[]";
    const std::size_t open = body.find('[', at), close = body.find(']', open);
    return body.substr(open, close - open + 1);
  }

  void dot_general(const Op& op) {
    out_ += "stablehlo.dot_general ";
    values(op.operands);
    if (const Attr* dims = op.attr("dot_dimension_numbers")) {
      const std::string lhs = list_in(dims->body, "lhs_batching_dimensions"),
                        rhs = list_in(dims->body, "rhs_batching_dimensions");
      if (lhs != "[]" || rhs != "[]") put(", batching_dims = {} x {}", lhs, rhs);
      put(", contracting_dims = {} x {}", list_in(dims->body, "lhs_contracting_dimensions"),
          list_in(dims->body, "rhs_contracting_dimensions"));
    }
    if (const Attr* precision = op.attr("precision_config")) {
      out_ += ", precision = [";
      for (std::size_t i = 0; i < precision->items.size(); ++i) {
        if (i) out_ += ", ";
        out_ += enum_word(precision->items[i]);
      }
      out_ += ']';
    }
    if (const Attr* algorithm = op.attr("algorithm")) put(", algorithm = <{}>", algorithm->body);
    except(op, {"dot_dimension_numbers", "precision_config", "algorithm"});
    out_ += " : ";
    function_type(op);
  }

  void convolution(const Op& op) {
    out_ += "stablehlo.convolution(";
    values(op.operands);
    put(") dim_numbers = {}, window = {{", op.attr("dimension_numbers")->body);
    bool first = true;
    const std::pair<const char*, const char*> parts[] = {{"stride", "window_strides"},
                                                         {"pad", "padding"},
                                                         {"lhs_dilate", "lhs_dilation"},
                                                         {"rhs_dilate", "rhs_dilation"},
                                                         {"reverse", "window_reversal"}};
    for (const auto& [key, name] : parts) {
      const Attr* a = op.attr(name);
      if (!a) continue;
      if (!first) out_ += ", ";
      first = false;
      put("{} = ", key);
      if (a->kind == Attr::Kind::kDense && a->type->shape.size() == 2) {
        out_ += '[';
        for (std::int64_t i = 0; i < a->type->shape[0]; ++i)
          put("{}[{}, {}]", i ? ", " : "", a->dense->int_at(a->splat ? 0 : 2 * i),
              a->dense->int_at(a->splat ? 0 : 2 * i + 1));
        out_ += ']';
      } else {
        bare_ints(a);
      }
    }
    out_ += '}';
    except(op, {"dimension_numbers", "window_strides", "padding", "lhs_dilation", "rhs_dilation",
                "window_reversal"});
    out_ += " : ";
    function_type(op);
  }

  // A body of one operation on its two arguments, in order, is written as "applies".
  static bool applies_one(const Op& op) {
    const Block& b = op.regions[0];
    if (b.arguments.size() != 2 || b.ops.size() != 2 || b.ops[1].name != "stablehlo.return")
      return false;
    const Op& inner = b.ops[0];
    return inner.operands == b.arguments && inner.results.size() == 1 &&
           b.ops[1].operands == inner.results && inner.attrs.empty() && inner.regions.empty() &&
           inner.name.starts_with("stablehlo.") && inner.name != "stablehlo.subtract" &&
           b.ops[1].attrs.empty();
  }

  void reduce(const Op& op) {
    out_ += "stablehlo.reduce";
    const std::size_t n = op.operands.size() / 2;
    for (std::size_t i = 0; i < n; ++i) {
      out_ += i ? ", (" : "(";
      value(op.operands[i]);
      out_ += " init: ";
      value(op.operands[n + i]);
      out_ += ')';
    }
    const bool one = applies_one(op) && same_types_in(op);
    if (one) out_ += " applies " + op.regions[0].ops[0].name;
    out_ += " across dimensions = ";
    bare_ints(op.attr("dimensions"));
    except(op, {"dimensions"});
    out_ += " : ";
    function_type(op);
    if (one) return;
    out_ += '\n';
    pad();
    out_ += " reducer";
    const Block& b = op.regions[0];
    for (std::size_t i = 0; i < n; ++i) {
      out_ += '(';
      value(b.arguments[i]);
      out_ += ": " + m_.type_of(b.arguments[i])->text() + ", ";
      value(b.arguments[n + i]);
      out_ += ": " + m_.type_of(b.arguments[n + i])->text() + ") ";
    }
    out_ += " {\n";
    ++depth_;
    block(b);
    --depth_;
    pad();
    out_ += '}';
  }

  bool same_types_in(const Op& op) const {
    const Block& b = op.regions[0];
    const std::string t = m_.type_of(b.arguments[0])->text();
    return m_.type_of(b.arguments[1])->text() == t &&
           m_.type_of(b.ops[0].results[0])->text() == t && is_commutative(b.ops[0].name);
  }

  // StableHLO writes "applies" for these alone (isEligibleForCompactPrint).
  static bool is_commutative(std::string_view name) {
    for (std::string_view known : {"add", "multiply", "maximum", "minimum", "and", "or", "xor"})
      if (name.substr(10) == known) return true;
    return false;
  }

  // A loop's two regions have one set of names in this form, which they need not have in others.
  void name_alike(const Block& cond, const Block& body) {
    bool alike = cond.arguments.size() == body.arguments.size();
    for (std::size_t i = 0; alike && i < cond.arguments.size(); ++i)
      alike = m_.values[cond.arguments[i]].name == m_.values[body.arguments[i]].name;
    if (alike) return;
    if (names_.empty())
      for (const Value& v : m_.values) names_.insert(v.name);
    for (std::size_t i = 0; i < std::min(cond.arguments.size(), body.arguments.size()); ++i) {
      std::string name = "iterArg";
      while (!names_.insert(name).second) name = fmt::format("iterArg_{}", name_number_++);
      own_names_[cond.arguments[i]] = own_names_[body.arguments[i]] = name;
    }
  }

  void while_loop(const Op& op) {
    out_ += "stablehlo.while(";
    const Block &cond = op.regions[0], &body = op.regions[1];
    name_alike(cond, body);
    for (std::size_t i = 0; i < op.operands.size(); ++i) {
      if (i) out_ += ", ";
      value(cond.arguments[i]);
      out_ += " = ";
      value(op.operands[i]);
    }
    out_ += ')';
    if (!op.operands.empty()) out_ += " : ";
    types(op.operand_types);
    if (!op.attrs.empty()) {
      out_ += " attributes ";
      dict(op.attrs);
    }
    out_ += '\n';
    pad();
    out_ += "cond {\n";
    ++depth_;
    block(cond);
    pad();
    out_ += "} do {\n";
    block(body);
    --depth_;
    pad();
    out_ += '}';
  }

  void custom_call(const Op& op) {
    out_ += "stablehlo.custom_call @" +
            symbol_text(op.attr("call_target_name") ? op.attr("call_target_name")->text : "") + "(";
    values(op.operands);
    out_ += ')';
    except(op, {"call_target_name"});
    out_ += " : ";
    function_type(op);
  }

  void manual_computation(const Op& op) {
    out_ += "sdy.manual_computation(";
    values(op.operands);
    out_ += ')';
    for (const char* key : {"in_shardings", "out_shardings", "manual_axes"})
      if (const Attr* a = op.attr(key)) put(" {}={}", key, a->text);
    out_ += " (";
    const Block& b = op.regions.at(0);
    for (std::size_t i = 0; i < b.arguments.size(); ++i) {
      if (i) out_ += ", ";
      value(b.arguments[i]);
      out_ += ": " + m_.type_of(b.arguments[i])->text();
    }
    out_ += ") {\n";
    ++depth_;
    block(b);
    --depth_;
    pad();
    out_ += '}';
    except(op, {"in_shardings", "out_shardings", "manual_axes"});
    out_ += " : ";
    function_type(op);
  }

  void sharding_constraint(const Op& op) {
    out_ += "sdy.sharding_constraint ";
    values(op.operands);
    if (const Attr* a = op.attr("sharding")) put(" <{}>", a->body);
    except(op, {"sharding"});
    format_types(Types::kSame, op);
  }

  void mesh(const Op& op) {
    const Attr *name = op.attr("sym_name"), *value = op.attr("mesh");
    put("sdy.mesh @{} = <{}>", name ? symbol_text(name->text) : "", value ? value->body : "");
    except(op, {"sym_name", "mesh"});
  }

  // Of numbers the text alone, since the operation knows their types.
  void test_operation(const Op& op) {
    out_ += op.name + " ";
    values(op.operands);
    const Attr* value = op.attr("value");
    if (value) {
      out_ += ", ";
      attr(*value);
    }
    for (const NamedAttr& a : op.attrs) {
      if (a.name == "value") continue;
      put(", {} = ", a.name);
      if (a.value.kind == Attr::Kind::kNumber)
        out_ += a.value.text;
      else
        attr(a.value);
    }
    if (!value) format_types(Types::kList, op);
  }

  static bool has_test_form(const Op& op) {
    return !op.operands.empty() && op.regions.empty() &&
           std::all_of(op.attrs.begin(), op.attrs.end(), [](const NamedAttr& a) {
             const bool plain =
                 a.value.kind == Attr::Kind::kNumber || a.value.kind == Attr::Kind::kString;
             return a.name == "value" ? a.value.kind == Attr::Kind::kDense
                                      : plain && bare_key(a.name);
           });
  }

  // How many operands are inputs; nothing where the form cannot say it.
  static std::optional<std::size_t> scan_inputs(const Op& op) {
    const Attr *sizes = op.attr("operandSegmentSizes"), *dimension = op.attr("dimension");
    if (!sizes || sizes->items.size() != 2 || op.regions.size() != 1 || !dimension ||
        dimension->kind != Attr::Kind::kNumber)
      return std::nullopt;
    const auto size = [&](std::size_t i) {
      return std::strtoull(sizes->items[i].text.c_str(), nullptr, 10);
    };
    if (size(0) > op.operands.size() || size(1) != op.operands.size() - size(0) ||
        size(1) > op.results.size())
      return std::nullopt;
    return size(0);
  }

  void scan(const Op& op, std::size_t inputs) {
    const auto middle = op.operands.begin() + static_cast<std::ptrdiff_t>(inputs);
    out_ += "chlo.scan(";
    values({op.operands.begin(), middle});
    out_ += ") inits (";
    values({middle, op.operands.end()});
    put(") dimension={} ", op.attr("dimension")->text);
    std::vector<NamedAttr> rest;
    for (const NamedAttr& a : op.attrs)
      if (a.name != "dimension" && !a.name.ends_with("SegmentSizes")) rest.push_back(a);
    if (!rest.empty()) {
      out_ += " attributes ";
      dict(rest);
    }
    out_ += ' ';
    region(op.regions[0]);
    out_ += " : ";
    function_type(op);
  }

  const Module& m_;
  std::string out_;
  int indent_ = 0;
  int depth_ = 0;
  std::unordered_set<std::string> names_;  // all of the module, where new ones are needed
  std::unordered_map<ValueId, std::string> own_names_;
  int name_number_ = 0;
};

}  // namespace

std::string print(const Module& module) { return Printer(module).print(); }

}  // namespace jaxsmith::stablehlo
