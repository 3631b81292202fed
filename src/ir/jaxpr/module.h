// A jaxpr as `str(jaxpr)` shows it: what the text says and nothing of its layout.
//
//   let f = { lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) } in
//   { lambda ; a:f32[3]. let b:f32[3] = jit[name=f jaxpr=f] a in (b,) }
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jaxsmith::jaxpr {

struct Jaxpr;
struct Module;

// The type of a variable: `f32[3,4]`, `key<fry>[]`, `f32<host>[8@x]{V:data}`, `Ref{f32[3]}`, `Tok`.
struct Aval {
  std::string dtype;  // "f32", "key<fry>"; of a Ref its element's; else the whole name
  std::vector<std::int64_t> shape;  // without shardings
  std::string text;                 // as written, where it is more than dtype and shape
  bool is_array = true;             // dtype and shape hold: arrays and references to arrays
  bool is_ref = false;

  bool operator==(const Aval&) const = default;
};

struct Var {
  std::string name;  // '_' of a result that is dropped
  Aval aval;

  bool dropped() const { return name == "_"; }
};

struct Atom {
  enum class Kind { kVariable, kLiteral };
  Kind kind = Kind::kVariable;
  std::string text;          // name, or a literal as written: 1.0, True, -inf, (1+2j), [...]
  std::optional<Aval> aval;  // of literals
  std::string transforms;    // of references: "[...]", "[i,:]", "[0,1:3]{bitcast(int32)}"

  bool is_literal() const { return kind == Kind::kLiteral; }
};

// A parameter's value: a jaxpr, or what Python's str() made of another object.
struct ParamValue {
  enum class Kind {
    kNone,
    kBool,
    kInt,
    kFloat,       // nan and inf, too
    kString,      // with quotes: strings within tuples and calls
    kName,        // clip, float32, Precision.HIGHEST, and a string without quotes
    kReference,   // to a shared jaxpr: jaxpr=_where
    kTuple,       // items
    kList,        // items
    kSet,         // items
    kDict,        // items are kPair
    kCall,        // text(items): GatherDimensionNumbers(offset_dims=(0,)), np.int64(2)
    kKeyword,     // text=items[0], only among a call's items
    kPair,        // items[0]: items[1], in a dict or among a call's items
    kJaxpr,       // nested[0].main; nothing is shared there
    kJaxprTuple,  // items are kJaxpr or kReference: branches=(…)
    kModule,      // nested[0], printed by str() of its own: custom_linear_solve's jaxprs. Its
                  // variables' names start from `a` again
    kRaw,         // anything else: <function f at 0xXX>, PyTreeDef's nodes, free text
  };
  Kind kind = Kind::kRaw;
  std::string text;  // of all kinds without items; the callee of kCall, the name of kKeyword
  std::vector<ParamValue> items;
  std::vector<Module> nested;

  // (x,) and P('x',)
  bool ends_with_comma() const {
    const bool tuple = kind == Kind::kTuple || (kind == Kind::kCall && text == "P");
    return tuple && items.size() == 1;
  }
  bool is_none() const { return kind == Kind::kNone; }
  std::optional<bool> as_bool() const;
  std::optional<std::int64_t> as_int() const;                // 2, np.int64(2)
  std::optional<std::vector<std::int64_t>> as_ints() const;  // tuple or list
  std::optional<double> as_real() const;                     // ints, too
  std::optional<std::string_view> as_name() const;           // kName, kReference, nan, inf
  std::optional<std::string_view> as_string() const;         // kString without its quotes
  std::string_view as_word() const;                          // CLIP of GatherScatterMode.CLIP
  const ParamValue* keyword(std::string_view name) const;    // of a call
  const Jaxpr* as_jaxpr() const;                             // kJaxpr, kModule
};

struct Param {
  std::string key;
  ParamValue value;
};

struct Equation {
  enum class Form {
    kPlain,      // a:f32[] = sin b
    kGet,        // a:f32[] <- r[...]          operands {r}; params mask, other of a pallas load
    kSet,        // r[...] <- b                operands {r, b}, primitive swap, no results
    kSwap,       // a:f32[], r[...] <- r[...], b
    kAddUpdate,  // r[...] += b
  };
  Form form = Form::kPlain;
  std::vector<Var> results;
  std::string primitive;  // get, swap, swap, addupdate of the other forms
  std::vector<Param> params;
  std::vector<Atom> operands;
  std::size_t offset = 0;  // in the text

  const ParamValue* param(std::string_view key) const;
};

struct Jaxpr {
  std::vector<Var> constvars, invars;
  std::vector<Equation> equations;
  std::vector<Atom> results;
  std::size_t offset = 0, results_offset = 0;  // in the text
};

struct SharedJaxpr {
  std::string name;
  Jaxpr jaxpr;
};

struct Module {
  std::vector<SharedJaxpr> shared;  // let f = { … } in
  Jaxpr main;
};

inline const ParamValue* Equation::param(std::string_view key) const {
  for (const Param& p : params) {
    if (p.key == key) return &p.value;
  }
  return nullptr;
}

inline const Jaxpr* ParamValue::as_jaxpr() const {
  return nested.empty() ? nullptr : &nested.front().main;
}

inline std::optional<bool> ParamValue::as_bool() const {
  if (kind != Kind::kBool) return std::nullopt;
  return text == "True";
}

inline std::optional<std::int64_t> ParamValue::as_int() const {
  if (kind == Kind::kCall && text.starts_with("np.") && items.size() == 1) {
    return items.front().kind == Kind::kInt ? items.front().as_int() : std::nullopt;
  }
  if (kind != Kind::kInt) return std::nullopt;
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

inline std::optional<std::vector<std::int64_t>> ParamValue::as_ints() const {
  if (kind != Kind::kTuple && kind != Kind::kList) return std::nullopt;
  std::vector<std::int64_t> values;
  values.reserve(items.size());
  for (const ParamValue& item : items) {
    std::optional<std::int64_t> value = item.as_int();
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

inline std::optional<double> ParamValue::as_real() const {
  if (kind == Kind::kCall && text.starts_with("np.") && items.size() == 1) {
    return items.front().kind == Kind::kCall ? std::nullopt : items.front().as_real();
  }
  if (kind != Kind::kInt && kind != Kind::kFloat) return std::nullopt;
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

inline std::optional<std::string_view> ParamValue::as_name() const {
  if (kind == Kind::kName || kind == Kind::kReference || kind == Kind::kFloat) {
    return std::string_view(text);
  }
  return std::nullopt;
}

inline std::optional<std::string_view> ParamValue::as_string() const {
  if (kind != Kind::kString || text.size() < 2) return std::nullopt;
  return std::string_view(text).substr(1, text.size() - 2);
}

inline std::string_view ParamValue::as_word() const {
  const auto name = as_string() ? as_string() : as_name();
  return name ? name->substr(name->rfind('.') + 1) : std::string_view(text);
}

inline const ParamValue* ParamValue::keyword(std::string_view name) const {
  for (const ParamValue& item : items) {
    if (item.kind == Kind::kKeyword && item.text == name) return &item.items.front();
  }
  return nullptr;
}

}  // namespace jaxsmith::jaxpr
