#include "source/layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "source/print.h"

namespace jaxsmith::source {
namespace {

std::string spaces(int columns) { return std::string(static_cast<std::size_t>(columns), ' '); }

int width(const std::string& text) { return static_cast<int>(text.size()); }

std::string one_line(const Expr& value) {
  // A tuple of several at the top of a statement has no parentheses.
  if (value->kind != ExprKind::kTuple || value->items.size() < 2) return print(value);
  std::string text = print(value);
  return text.substr(1, text.size() - 2);
}

bool lines_fit(const std::string& text) {
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    if (end - begin > kLineLength) return false;
  }
  return text.size() - begin <= kLineLength;
}

bool first_line_fits(const std::string& text) {
  return width(text.substr(0, text.find('\n'))) <= kLineLength;
}

// The statement `prefix value suffix`, on one line or, where that is too long, on several.
std::string statement(const std::string& prefix, const Expr& value, int indentation,
                      const std::string& suffix = {}) {
  const std::string line = spaces(indentation) + prefix + one_line(value) + suffix;
  if (width(line) <= kLineLength) return line + "\n";
  // The suffix stands on the last line alone.
  const auto laid_out = [&](const Document& d) {
    const std::string text = layout(prefix, d, indentation, kLineLength);
    const int room = kLineLength - width(suffix);
    return (text.find('\n') == text.npos ? layout(prefix, d, indentation, room) : text) + suffix +
           "\n";
  };
  const auto bare = [&] { return laid_out(document(value, false)); };
  const auto in_parentheses = [&] { return laid_out(bracketed("(", document(value, true), ")")); };
  const Overflow how = overflow(value);
  if (how == Overflow::kBrackets) {
    const std::string text = bare();
    // What comes before the bracket may be too long itself.
    return first_line_fits(text) || !first_line_fits(in_parentheses()) ? text : in_parentheses();
  }
  if (how == Overflow::kEither && lines_fit(broken(prefix, document(value, false), indentation)))
    return bare();
  const std::string wrapped = in_parentheses();
  return how == Overflow::kWhole && !lines_fit(wrapped) ? bare() : wrapped;
}

std::string assignment_prefix(const std::vector<std::string>& targets) {
  if (targets.empty()) return {};  // what it gives is of no interest
  std::string out;
  for (std::size_t i = 0; i < targets.size(); ++i) out += (i ? ", " : "") + targets[i];
  return out + " = ";
}

// A tuple of names that does not fit on a line, with one on each.
std::string target_text(const std::string& target, int indentation) {
  const std::string whole = spaces(indentation) + target + ",\n";
  if (target[0] != '(' || first_line_fits(whole)) return whole;
  std::string out = spaces(indentation) + "(\n";
  for (std::size_t at = 1; at < target.size();) {
    const std::size_t end = target.find_first_of(",)", at);
    if (end > at) out += spaces(indentation + kIndent) + target.substr(at, end - at) + ",\n";
    at = target.find_first_not_of(", )", end);
  }
  return out + spaces(indentation) + "),\n";
}

// Targets that take up a line by themselves stand below one another.
std::string assignment(const Assign& a, int indentation) {
  std::string text = statement(assignment_prefix(a.targets), a.value, indentation);
  if (!a.comment.empty() && std::ranges::count(text, '\n') == 1 &&
      width(text) + width(a.comment) + 3 <= kLineLength) {
    text.pop_back();
    return text + "  # " + a.comment + "\n";
  }
  if (a.targets.size() < 2 || first_line_fits(text)) return text;
  std::string out = spaces(indentation) + "(\n";
  for (const std::string& target : a.targets) out += target_text(target, indentation + kIndent);
  return out + statement(") = ", a.value, indentation);
}

std::string parameter_text(const Parameter& p) {
  std::string out = p.name;
  if (p.annotation) out += ": " + print(p.annotation);
  if (p.default_value) out += (p.annotation ? " = " : "=") + print(p.default_value);
  return out;
}

// A parameter as it stands in a line of its own, and what is said of it there.
struct ParameterLine {
  std::string text, comment;
};

std::vector<ParameterLine> parameter_lines(const FunctionDefinition& f) {
  std::vector<ParameterLine> out;
  bool keyword_only = false;
  for (const Parameter& p : f.parameters) {
    if (p.keyword_only && !keyword_only) out.push_back({"*", {}});
    keyword_only = p.keyword_only;
    out.push_back({parameter_text(p), p.comment});
  }
  return out;
}

std::string header(const FunctionDefinition& f, int indentation) {
  const std::string returns = f.returns ? " -> " + print(f.returns) : "";
  std::string line = spaces(indentation) + "def " + f.name + "(";
  const std::vector<ParameterLine> parameters = parameter_lines(f);
  for (std::size_t i = 0; i < parameters.size(); ++i) line += (i ? ", " : "") + parameters[i].text;
  line += ")" + returns + ":";
  const bool plain =
      std::ranges::all_of(parameters, [](const auto& p) { return p.comment.empty(); });
  if (plain && width(line) <= kLineLength) return line + "\n";
  std::string out = spaces(indentation) + "def " + f.name + "(\n";
  for (const ParameterLine& p : parameters)
    out += spaces(indentation + kIndent) + p.text + "," +
           (p.comment.empty() ? "" : "  # " + p.comment) + "\n";
  return out + spaces(indentation) + ")" + returns + ":\n";
}

// Sections end with the quotes on a line of their own.
std::string docstring_text(const std::string& docstring, int indentation) {
  std::string out = spaces(indentation) + "\"\"\"";
  for (std::size_t at = 0; at < docstring.size();) {
    const std::size_t end = std::min(docstring.find('\n', at), docstring.size());
    const std::string line = docstring.substr(at, end - at);
    out += (at == 0 || line.empty() ? "" : spaces(indentation)) + line;
    if (end < docstring.size()) out += "\n";
    at = end + 1;
  }
  const bool several = docstring.find('\n') != std::string::npos;
  return out + (several ? "\n" + spaces(indentation) : "") + "\"\"\"\n";
}

std::string definition(const FunctionDefinition& f, int indentation);

// `first`: nothing stands above in the same block.
std::string block(const std::vector<Statement>& statements, int indentation, bool first) {
  std::string out;
  bool after_definition = false;
  for (const Statement& s : statements) {
    const auto* nested = std::get_if<Definition>(&s);
    if (after_definition || (nested && !first)) out += "\n";
    if (nested) out += definition(*nested->function, indentation);
    if (const auto* a = std::get_if<Assign>(&s)) out += assignment(*a, indentation);
    if (const auto* r = std::get_if<Return>(&s)) out += statement("return ", r->value, indentation);
    if (const auto* c = std::get_if<Comment>(&s))
      out += spaces(indentation) + "# " + c->text + "\n";
    if (const auto* e = std::get_if<Evaluate>(&s)) out += statement("", e->value, indentation);
    if (const auto* i = std::get_if<If>(&s)) {
      out += spaces(indentation) + "if " + print(i->condition) + ":\n" +
             block(i->then->statements, indentation + kIndent, true);
      if (i->otherwise)
        out += spaces(indentation) + "else:\n" +
               block(i->otherwise->statements, indentation + kIndent, true);
    }
    if (const auto* loop = std::get_if<For>(&s))
      out += statement(fmt::format("for {} in ", fmt::join(loop->targets, ", ")), loop->over,
                       indentation, ":") +
             block(loop->body->statements, indentation + kIndent, true);
    first = false;
    after_definition = nested != nullptr;
  }
  return out;
}

std::string definition(const FunctionDefinition& f, int indentation) {
  std::string out;
  for (const Expr& d : f.decorators) out += statement("@", d, indentation);
  out += header(f, indentation);
  const int within = indentation + kIndent;
  const auto room = static_cast<std::size_t>(kLineLength - within);
  if (!f.docstring.empty()) out += docstring_text(text_of(f.docstring, room), within);
  return out + block(f.body, within, f.docstring.empty());
}

std::string definition(const ClassDefinition& c) {
  std::string out;
  for (const Expr& d : c.decorators) out += "@" + print(d) + "\n";
  out += "class " + c.name + (c.base ? "(" + print(c.base) + ")" : "") + ":\n";
  for (const Field& f : c.fields)
    out += spaces(kIndent) + f.name + ": " + print(f.annotation) +
           (f.comment.empty() ? "" : "  # " + f.comment) + "\n";
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
    for (const Assign& a : module.constants) out += assignment(a, 0);
  }
  for (const ClassDefinition& c : module.classes) {
    if (!out.empty()) out += "\n\n";
    out += definition(c);
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
