#include "ir/jaxpr/canonical.h"

#include <fmt/format.h>

#include <unordered_map>

#include "base/letters.h"
#include "ir/common/diagnostic.h"
#include "ir/jaxpr/flow.h"
#include "tensor/dtype.h"

namespace jaxsmith::jaxpr {
namespace {

using Kind = ParamValue::Kind;

bool is_dtype(std::string_view word) {
  return tensor::dtype_from_jaxpr_name(word) || tensor::dtype_from_numpy_name(word);
}

bool in_word(char c) { return in_name(c) || c == '.'; }

// Walks a module once and writes both forms as it goes.
class Writer {
 public:
  ir::Structure write(const Module& m) {
    module(m);
    return std::move(out_);
  }

 private:
  using Names = std::unordered_map<std::string_view, int>;

  void put(std::string_view text) { put(text, text); }
  void put(std::string_view signature, std::string_view structure) {
    (out_.signature += signature) += ' ';
    if (!structure.empty()) (out_.structure += structure) += ' ';
  }
  void put_number(std::string_view prefix, int number) {
    const auto text = fmt::format("{}{}", prefix, number);
    put(text);
  }

  void module(const Module& m) {
    Names shared;
    for (const auto& [name, jaxpr] : m.shared)
      shared.emplace(name, static_cast<int>(shared.size()));
    std::swap(shared, shared_);
    for (const auto& [name, inner] : m.shared) {
      put("let");
      jaxpr(inner);
    }
    jaxpr(m.main);
    std::swap(shared, shared_);
  }

  void jaxpr(const Jaxpr& j) {
    Names variables;
    std::swap(variables, variables_);
    put("{");
    for (const Var& v : j.constvars) bind(v);
    put(";");
    for (const Var& v : j.invars) bind(v);
    put(".");
    for (const Equation& e : j.equations) equation(e);
    at_ = j.results_offset;
    put("in");
    for (const Atom& a : j.results) atom(a);
    put("}");
    std::swap(variables, variables_);
  }

  void bind(const Var& v) {
    if (v.dropped()) {
      put("_");
    } else {
      const int number = static_cast<int>(variables_.size());
      put_number("v", variables_.insert_or_assign(v.name, number).first->second);
    }
    type(v.aval);
  }

  void type(const Aval& aval) {
    if (!aval.text.empty()) return put(aval.text, scrubbed(aval.text, ""));
    put(aval.dtype, is_dtype(aval.dtype) ? "" : aval.dtype);
    put("[");
    for (const std::int64_t n : aval.shape) put(fmt::format("{}", n), "_");
    put("]");
  }

  void equation(const Equation& e) {
    ++out_.equations;
    at_ = e.offset;
    put(e.primitive);
    for (const Param& p : e.params) {
      if (p.key == "name") continue;  // what a function is called says nothing about what it does
      put(p.key);
      put("=");
      value(p.value);
      at_ = e.offset;
    }
    for (const Atom& a : e.operands) atom(a);
    put(":");
    for (const Var& v : e.results) bind(v);
  }

  void atom(const Atom& a) {
    if (a.is_literal()) {
      put("literal");
      if (a.aval) type(*a.aval);
      return;
    }
    variable(a.text);
    if (!a.transforms.empty()) transforms(a.transforms);
  }

  void variable(std::string_view name) {
    if (name == "_") return put("_");
    const auto found = variables_.find(name);
    if (found == variables_.end())
      throw ir::Refused{at_, fmt::format("variable {} is not defined", name)};
    put_number("v", found->second);
  }

  // [i,:], with variables among the indices.
  void transforms(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t begin = i;
      while (i < text.size() && in_word(text[i])) ++i;
      const std::string_view word = text.substr(begin, i == begin ? 1 : i - begin);
      if (i == begin) ++i;
      if (const auto found = variables_.find(word); found != variables_.end())
        put_number("v", found->second);
      else
        put(word, is_digit(word[0]) ? "_" : word);
    }
  }

  void value(const ParamValue& v) {
    switch (v.kind) {
      case Kind::kJaxpr:
        return jaxpr(v.nested.front().main);
      case Kind::kModule:
        return module(v.nested.front());
      case Kind::kReference: {
        const auto found = shared_.find(v.text);
        return found == shared_.end() ? put(v.text) : put_number("shared", found->second);
      }
      case Kind::kInt:
      case Kind::kFloat: {
        const bool digits = is_digit(v.text[0]) || v.text[0] == '-';
        return put(v.text, digits ? "_" : v.text);
      }
      case Kind::kRaw:
        return put(v.text, scrubbed(v.text, "_"));
      default:
        break;
    }
    if (!v.text.empty()) put(v.text, is_dtype(v.text) ? "_" : v.text);
    constexpr std::string_view kOpening[] = {"(", "[", "{"};
    const bool brackets = v.kind != Kind::kKeyword && v.kind != Kind::kPair;
    if (v.items.empty() && v.kind != Kind::kTuple && v.kind != Kind::kList &&
        v.kind != Kind::kCall && v.kind != Kind::kJaxprTuple)
      return;
    const std::size_t kind = v.kind == Kind::kList                           ? 1
                             : v.kind == Kind::kSet || v.kind == Kind::kDict ? 2
                                                                             : 0;
    put(brackets ? kOpening[kind] : "=");
    for (const ParamValue& item : v.items) value(item);
    if (brackets) put(")");
  }

  // Text of no known form, without numbers and with another word for each type of elements.
  static std::string scrubbed(std::string_view text, std::string_view dtype) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t begin = i;
      while (i < text.size() && in_word(text[i])) ++i;
      const std::string_view word = text.substr(begin, i - begin);
      if (word.empty())
        out += text[i++];
      else if (is_digit(word[0]))
        out += '_';
      else
        out += is_dtype(word) ? dtype : word;
    }
    return out;
  }

  Names variables_, shared_;
  std::size_t at_ = 0;
  ir::Structure out_;
};

// Calls f(jaxpr) for each jaxpr of a module, those in parameters after the one around them.
template <class F>
void each_jaxpr(const Module& module, F& f);
template <class F>
void each_jaxpr(const Jaxpr& jaxpr, F& f);

template <class F>
void each_jaxpr(const ParamValue& value, F& f) {
  if (value.kind == Kind::kJaxpr) each_jaxpr(value.nested.front().main, f);
  if (value.kind == Kind::kModule) each_jaxpr(value.nested.front(), f);
  for (const ParamValue& item : value.items) each_jaxpr(item, f);
}

template <class F>
void each_jaxpr(const Jaxpr& jaxpr, F& f) {
  f(jaxpr);
  for (const Equation& e : jaxpr.equations)
    for (const Param& p : e.params) each_jaxpr(p.value, f);
}

template <class F>
void each_jaxpr(const Module& module, F& f) {
  for (const auto& [name, jaxpr] : module.shared) each_jaxpr(jaxpr, f);
  each_jaxpr(module.main, f);
}

}  // namespace

Result<ir::Structure> structure_of(const Module& module, std::string_view text) {
  try {
    ir::Structure out = Writer().write(module);
    if (const auto extent = extent_of(module); extent.ok()) out.extent = extent.value();
    return out;
  } catch (const ir::Refused& refused) {
    const Error error = ir::refused_at(text, "jaxpr", refused.offset, refused.message);
    return Error::environment(error.message.substr(0, error.message.find('\n')));
  }
}

ir::OpCounts op_counts(const Module& module) {
  ir::OpCounts out;
  const auto count = [&](const Jaxpr& jaxpr) {
    for (const Equation& e : jaxpr.equations) ++out[e.primitive];
  };
  each_jaxpr(module, count);
  return out;
}

std::set<tensor::DType> element_types(const Module& module) {
  std::set<tensor::DType> out;
  const auto add_type = [&](const Aval& aval) {
    if (const auto dtype = tensor::dtype_from_jaxpr_name(aval.dtype)) out.insert(*dtype);
  };
  const auto add_atoms = [&](const std::vector<Atom>& atoms) {
    for (const Atom& atom : atoms)
      if (atom.aval) add_type(*atom.aval);
  };
  const auto add = [&](const Jaxpr& jaxpr) {
    for (const auto* vars : {&jaxpr.constvars, &jaxpr.invars})
      for (const Var& v : *vars) add_type(v.aval);
    for (const Equation& e : jaxpr.equations) {
      for (const Var& v : e.results) add_type(v.aval);
      add_atoms(e.operands);
    }
    add_atoms(jaxpr.results);
  };
  each_jaxpr(module, add);
  return out;
}

}  // namespace jaxsmith::jaxpr
