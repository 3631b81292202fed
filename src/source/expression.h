// Python expressions as values: built from a spelling with holes, substituted, and printed the way
// `ruff format` prints them.
//
//   Expr spelling = parse_expression("jnp.sum($0, axis=$axis)").value();
//   Expr call = substitute(spelling, {{"0", name("x")}, {"axis", number("-1")}});
//   print(call);   // jnp.sum(x, axis=-1)
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace jaxsmith::source {

struct Expression;
using Expr = std::shared_ptr<const Expression>;

enum class ExprKind {
  kName,           // text
  kHole,           // text: what follows the dollar sign
  kNumber,         // text
  kString,         // text without quotes
  kAttribute,      // items[0].text
  kCall,           // items[0](items[1:])
  kKeyword,        // text=items[0], inside a call
  kStarred,        // *items[0]
  kSubscript,      // items[0][items[1]]; items[1] may be a kTuple printed without parentheses
  kSlice,          // items[0]:items[1]:items[2], a null item is left out
  kUnary,          // text items[0]: - + ~ not
  kBinary,         // items[0] text items[1]: ** * @ / // % + - << >> & ^ |
  kCompare,        // items[0] text items[1]: < <= > >= == != is in
  kBoolean,        // items[0] text items[1]: and, or
  kConditional,    // items[0] if items[1] else items[2]
  kTuple,          // (items), a parenthesised tuple; one item keeps its comma
  kList,           // [items]
  kDict,           // {items[0]: items[1], …}
  kLambda,         // lambda params: items[0]; text is the parameter list
  kComprehension,  // [items[0] for targets in items[1]]; text is the list of targets; not parsed
  kSequence,  // only as a substitute: its items are spliced into the enclosing call, list or tuple
};

struct Expression {
  ExprKind kind;
  std::string text;
  std::vector<Expr> items;
};

// Parses the subset of Python above. Holes are `$name` or `$0`.
Result<Expr> parse_expression(std::string_view python);

Expr make(ExprKind kind, std::string text, std::vector<Expr> items = {});
Expr name(std::string text);
Expr number(std::string text);
Expr sequence(std::vector<Expr> items);
Expr tuple(std::vector<Expr> items);
Expr call(Expr function, std::vector<Expr> arguments);

// Replaces holes; a hole without an entry is a defect of the caller and stays as it is.
Expr substitute(const Expr& expression, const std::map<std::string, Expr, std::less<>>& holes);

// Names that the expression reads, without repeats, in order of first use: the root of `jnp.sum` is
// `jnp`. Parameters of a lambda inside are not counted.
std::vector<std::string> free_names(const Expr& expression);

// On one line, with the least parentheses and ruff's spacing (`x**2`, `a[i : i + 2]`, `-x`).
std::string print(const Expr& expression);

// How deep calls, brackets and parentheses nest in the printed text.
int nesting_depth(const Expr& expression);

}  // namespace jaxsmith::source
