#include "stats/python_names.h"

#include <fmt/format.h>

namespace jaxsmith::stats {
namespace {

using source::is_identifier;
using source::PythonToken;
using source::PythonTokens;
using Kind = PythonToken::Kind;

class Reader {
 public:
  explicit Reader(const PythonTokens& tokens) : tokens_(tokens) {}

  PythonNames read() {
    each_statement([&](std::size_t i) {
      if (tokens_[i].is("import")) import(i + 1);
      if (tokens_[i].is("from")) import_from(i + 1);
    });
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const bool begins = i == 0 || is_layout(tokens_[i - 1]);
      if (begins && (tokens_[i].is("import") || tokens_[i].is("from"))) {
        i = line_end(i);
      } else if (tokens_[i].is("def") || tokens_[i].is("class")) {
        header(i);
      } else if (tokens_[i].kind == Kind::kName) {
        i = name(i);
      }
    }
    return std::move(out_);
  }

 private:
  static bool is_layout(const PythonToken& t) {
    return t.kind == Kind::kNewline || t.kind == Kind::kIndent || t.kind == Kind::kDedent ||
           t.kind == Kind::kComment || t.is(";");
  }
  bool is(std::size_t i, std::string_view word) const {
    return i < tokens_.size() && tokens_[i].is(word);
  }
  bool is_name(std::size_t i) const { return i < tokens_.size() && is_identifier(tokens_[i]); }
  std::size_t line_end(std::size_t i) const {
    while (i < tokens_.size() && tokens_[i].kind != Kind::kNewline && !tokens_[i].is(";")) ++i;
    return i;
  }

  template <class F>
  void each_statement(F f) const {
    for (std::size_t i = 0; i < tokens_.size(); ++i)
      if (i == 0 || is_layout(tokens_[i - 1])) f(i);
  }

  // a.b.c; moves behind it.
  std::string dotted(std::size_t& i) const {
    std::string out;
    while (is_name(i)) {
      out += tokens_[i++].text;
      if (!is(i, ".") || !is_name(i + 1)) break;
      out += '.';
      ++i;
    }
    return out;
  }

  // import a.b as c, d
  void import(std::size_t i) {
    for (;;) {
      const std::string module = dotted(i);
      if (module.empty()) return;
      if (is(i, "as") && is_name(i + 1)) {
        imported_[std::string(tokens_[i + 1].text)] = module;
        i += 2;
      } else {
        const std::string first = module.substr(0, module.find('.'));
        imported_[first] = first;
      }
      if (!is(i, ",")) return;
      ++i;
    }
  }

  // from a.b import (c as d, e)
  void import_from(std::size_t i) {
    const std::string module = dotted(i);
    if (module.empty() || !is(i, "import")) return;
    ++i;
    if (is(i, "(")) ++i;
    while (is_name(i)) {
      const std::string name(tokens_[i++].text);
      std::string as = name;
      if (is(i, "as") && is_name(i + 1)) {
        as = tokens_[i + 1].text;
        i += 2;
      }
      imported_[as] = module + "." + name;
      if (!is(i, ",")) return;
      ++i;
    }
  }

  // The names that a definition binds are none of an import's: those behind ( and , of `def`.
  void header(std::size_t i) {
    bound_.clear();
    if (is_name(i + 1)) bound_.insert(i + 1);
    if (!tokens_[i].is("def") || !is(i + 2, "(")) return;
    int depth = 0;
    for (std::size_t k = i + 2; k < tokens_.size(); ++k) {
      const PythonToken& t = tokens_[k];
      if (t.is("(") || t.is("[") || t.is("{")) ++depth;
      if ((t.is(")") || t.is("]") || t.is("}")) && --depth == 0) return;
      if (depth == 1 && (t.is("(") || t.is(",") || t.is("*") || t.is("**")) && is_name(k + 1))
        bound_.insert(k + 1);
    }
  }

  // What begins with a name; gives the last token of it.
  std::size_t name(std::size_t i) {
    const bool attribute = i > 0 && tokens_[i - 1].is(".");
    const auto found = imported_.find(std::string(tokens_[i].text));
    if (attribute) {
      if (is(i + 1, "(")) out_.methods.emplace(tokens_[i].text);
      return i;
    }
    // `x =` and `f(x=…)` bind it.
    if (found == imported_.end() || bound_.contains(i) || is(i + 1, "=")) return i;
    std::string full = found->second;
    out_.full.insert(full);
    while (is(i + 1, ".") && is_name(i + 2)) {
      i += 2;
      full += fmt::format(".{}", tokens_[i].text);
      out_.full.insert(full);
    }
    return i;
  }

  const PythonTokens& tokens_;
  std::map<std::string, std::string> imported_;
  std::set<std::size_t> bound_;  // tokens
  PythonNames out_;
};

}  // namespace

PythonNames names_in(const PythonTokens& tokens) { return Reader(tokens).read(); }

}  // namespace jaxsmith::stats
