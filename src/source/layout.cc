#include "source/layout.h"

#include <algorithm>
#include <map>
#include <set>

namespace jaxsmith::source {
namespace {

constexpr int kIndent = 4;

std::string spaces(int columns) { return std::string(static_cast<std::size_t>(columns), ' '); }

int width(const std::string& text) { return static_cast<int>(text.size()); }

std::string one_line(const Expr& value) {
  // A tuple at the top of a statement has no parentheses.
  if (value->kind != ExprKind::kTuple || value->items.empty()) return print(value);
  std::string text = print(value);
  return text.substr(1, text.size() - 2);
}

// Brackets of the value's outermost call or collection, and what stands between them.
struct Exploded {
  std::string open, close;
  std::vector<std::string> items;
  std::vector<Expr> expressions;  // of the items; none for a dictionary's
};

Exploded explode(const Expr& value) {
  const auto printed = [](const std::vector<Expr>& items, std::size_t from) {
    std::vector<std::string> out;
    for (std::size_t i = from; i < items.size(); ++i) out.push_back(print(items[i]));
    return out;
  };
  switch (value->kind) {
    case ExprKind::kCall: {
      if (value->items.size() < 2) return {};
      const std::string whole = print(value), head = print(call(value->items[0], {}));
      return {head.substr(0, head.size() - 1),
              ")",
              printed(value->items, 1),
              {value->items.begin() + 1, value->items.end()}};
    }
    case ExprKind::kTuple:
      return {"(", ")", printed(value->items, 0), value->items};
    case ExprKind::kList:
      return {"[", "]", printed(value->items, 0), value->items};
    case ExprKind::kDict: {
      Exploded out{"{", "}", {}, {}};
      for (std::size_t i = 0; i + 1 < value->items.size(); i += 2)
        out.items.push_back(print(value->items[i]) + ": " + print(value->items[i + 1]));
      return out;
    }
    default:
      return {};
  }
}

// `left * f(` and, in lines of their own, what is in the last bracket and its end: where one
// operator stands before a call. Empty where it does not apply.
std::string split_last_bracket(const std::string& prefix, const Expr& value, int indentation) {
  if (value->kind != ExprKind::kBinary && value->kind != ExprKind::kCompare) return {};
  const Expr& right = value->items[1];
  const bool chain = value->items[0]->kind == value->kind &&
                     print(value->items[0]).size() < print(value).size() &&
                     value->items[0]->text == value->text;
  if (right->kind != ExprKind::kCall || right->items.size() < 2 || chain) return {};
  const std::string text = print(value);
  std::string inside;
  for (std::size_t i = 1; i < right->items.size(); ++i)
    inside += (i > 1 ? ", " : "") + print(right->items[i]);
  const std::string first =
      spaces(indentation) + prefix + text.substr(0, text.size() - inside.size() - 1);
  const std::string second = spaces(indentation + kIndent) + inside;
  if (width(first) > kLineLength || width(second) > kLineLength) return {};
  return first + "\n" + second + "\n" + spaces(indentation) + ")\n";
}

// One item of a bracket in lines of its own, with its comma; its own bracket is opened where it is
// too long: what is in there goes on one line, or again an item a line.
std::string item_lines(const std::string& text, const Expr& item, int indentation) {
  const std::string line = spaces(indentation) + text + ",";
  if (width(line) <= kLineLength || !item) return line + "\n";
  const Expr& value = item->kind == ExprKind::kKeyword ? item->items[0] : item;
  const Exploded parts = explode(value);
  if (parts.items.empty()) return line + "\n";
  std::string out = spaces(indentation) +
                    (item->kind == ExprKind::kKeyword ? item->text + "=" : "") + parts.open + "\n";
  std::string together;
  for (const std::string& each : parts.items) together += (together.empty() ? "" : ", ") + each;
  if (width(together) + indentation + kIndent <= kLineLength) {
    out += spaces(indentation + kIndent) + together + "\n";
  } else {
    for (std::size_t i = 0; i < parts.items.size(); ++i)
      out +=
          item_lines(parts.items[i], i < parts.expressions.size() ? parts.expressions[i] : nullptr,
                     indentation + kIndent);
  }
  return out + spaces(indentation) + parts.close + ",\n";
}

// The statement `prefix value`, on one line or, where that is too long, with one item of the
// outermost bracket a line. The trailing comma tells formatters to keep it so.
std::string statement(const std::string& prefix, const Expr& value, int indentation) {
  const std::string line = spaces(indentation) + prefix + one_line(value);
  if (width(line) <= kLineLength) return line + "\n";
  if (const std::string split = split_last_bracket(prefix, value, indentation); !split.empty())
    return split;
  const Exploded parts = explode(value);
  if (parts.items.empty()) {
    return spaces(indentation) + prefix + "(\n" + spaces(indentation + kIndent) + print(value) +
           "\n" + spaces(indentation) + ")\n";
  }
  std::string out = spaces(indentation) + prefix + parts.open + "\n";
  for (std::size_t i = 0; i < parts.items.size(); ++i)
    out += item_lines(parts.items[i], i < parts.expressions.size() ? parts.expressions[i] : nullptr,
                      indentation + kIndent);
  return out + spaces(indentation) + parts.close + "\n";
}

std::string assignment_prefix(const std::vector<std::string>& targets) {
  std::string out;
  for (std::size_t i = 0; i < targets.size(); ++i) out += (i ? ", " : "") + targets[i];
  return out + " = ";
}

std::string parameter_text(const Parameter& p) {
  std::string out = p.name;
  if (p.annotation) out += ": " + print(p.annotation);
  if (p.default_value) out += (p.annotation ? " = " : "=") + print(p.default_value);
  return out;
}

std::string header(const FunctionDefinition& f, int indentation) {
  const std::string returns = f.returns ? " -> " + print(f.returns) : "";
  std::string line = spaces(indentation) + "def " + f.name + "(";
  for (std::size_t i = 0; i < f.parameters.size(); ++i)
    line += (i ? ", " : "") + parameter_text(f.parameters[i]);
  line += ")" + returns + ":";
  if (width(line) <= kLineLength) return line + "\n";
  std::string out = spaces(indentation) + "def " + f.name + "(\n";
  for (const Parameter& p : f.parameters)
    out += spaces(indentation + kIndent) + parameter_text(p) + ",\n";
  return out + spaces(indentation) + ")" + returns + ":\n";
}

std::string definition(const FunctionDefinition& f, int indentation) {
  std::string out;
  for (const Expr& d : f.decorators) out += spaces(indentation) + "@" + print(d) + "\n";
  out += header(f, indentation);
  const int inner = indentation + kIndent;
  bool first = true, after_definition = false;
  if (!f.docstring.empty()) {
    out += spaces(inner) + "\"\"\"" + f.docstring + "\"\"\"\n";
    first = false;
  }
  for (const Statement& s : f.body) {
    const auto* nested = std::get_if<Definition>(&s);
    if (after_definition || (nested && !first)) out += "\n";
    if (nested) out += definition(*nested->function, inner);
    if (const auto* a = std::get_if<Assign>(&s))
      out += statement(assignment_prefix(a->targets), a->value, inner);
    if (const auto* r = std::get_if<Return>(&s)) out += statement("return ", r->value, inner);
    if (const auto* c = std::get_if<Comment>(&s)) out += spaces(inner) + "# " + c->text + "\n";
    first = false;
    after_definition = nested != nullptr;
  }
  return out;
}

// `from m import a` and `from m import b` become one statement.
struct Imports {
  std::set<std::string> straight;                        // "jax", "jax.numpy as jnp"
  std::map<std::string, std::set<std::string>> members;  // module → names
};

bool standard_library(const std::string& module) {
  static const std::set<std::string> kModules = {
      "functools", "math", "typing", "collections", "dataclasses", "itertools", "operator"};
  return kModules.contains(module.substr(0, module.find('.')));
}

// As isort orders members: constants, classes, then the rest.
std::string member_list(const std::set<std::string>& members) {
  const auto rank = [](const std::string& m) {
    const std::string base = m.substr(0, m.find(' '));
    const bool upper = std::all_of(base.begin(), base.end(), [](char c) {
      return !std::islower(static_cast<unsigned char>(c));
    });
    if (upper && base.size() > 1) return 0;
    return std::isupper(static_cast<unsigned char>(base[0])) ? 1 : 2;
  };
  std::vector<std::string> sorted(members.begin(), members.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  std::string out;
  for (const std::string& m : sorted) out += (out.empty() ? "" : ", ") + m;
  return out;
}

std::string print_imports(const std::vector<std::string>& statements) {
  Imports sections[2];
  for (const std::string& s : statements) {
    if (s.starts_with("import ")) {
      const std::string module = s.substr(7);
      sections[standard_library(module) ? 0 : 1].straight.insert(module);
      continue;
    }
    const std::size_t at = s.find(" import ");
    const std::string module = s.substr(5, at - 5);
    sections[standard_library(module) ? 0 : 1].members[module].insert(s.substr(at + 8));
  }
  std::string out;
  for (const Imports& section : sections) {
    if (section.straight.empty() && section.members.empty()) continue;
    if (!out.empty()) out += "\n";
    for (const std::string& module : section.straight) out += "import " + module + "\n";
    for (const auto& [module, members] : section.members)
      out += "from " + module + " import " + member_list(members) + "\n";
  }
  return out;
}

}  // namespace

std::string print_module(const Module& module) {
  std::string out = print_imports(module.imports);
  if (!module.constants.empty()) {
    if (!out.empty()) out += "\n";
    for (const Assign& a : module.constants)
      out += statement(assignment_prefix(a.targets), a.value, 0);
  }
  for (const FunctionDefinition& f : module.functions) {
    if (!out.empty()) out += "\n\n";
    out += definition(f, 0);
  }
  return out;
}

bool fits_on_line(const std::vector<std::string>& targets, const Expr& value, int indentation) {
  return indentation + width(assignment_prefix(targets) + one_line(value)) <= kLineLength;
}

}  // namespace jaxsmith::source
