// Python statements and modules, laid out so that `ruff format` (line length 88) changes nothing.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "source/docstrings.h"
#include "source/expression.h"

namespace jaxsmith::source {

inline constexpr int kLineLength = 88;

struct FunctionDefinition;
struct Block;

struct Assign {
  std::vector<std::string> targets;  // several: tuple unpacking
  Expr value;
  std::string comment = {};  // behind it, where the whole stays on one line
};

struct Return {
  Expr value;  // a top-level kTuple prints without parentheses
};

// `def name(parameters): …` nested in another function or at the top of the module.
struct Definition {
  std::shared_ptr<const FunctionDefinition> function;
};

struct Comment {
  std::string text;  // without the "# "
};

struct If {
  Expr condition;
  std::shared_ptr<const Block> then, otherwise;  // null: there is nothing else to do
};

// An expression by itself: `outputs.append(y)`.
struct Evaluate {
  Expr value;
};

struct For {
  std::vector<std::string> targets;  // several: unpacked
  Expr over;
  std::shared_ptr<const Block> body;
};

using Statement = std::variant<Assign, Return, Definition, Comment, Evaluate, If, For>;

struct Block {
  std::vector<Statement> statements;
};

struct Parameter {
  std::string name;
  Expr annotation;            // null: none
  Expr default_value;         // null: none
  bool keyword_only = false;  // as all that come after it
  std::string comment = {};   // behind it, on a line of its own
};

struct FunctionDefinition {
  std::string name;
  std::vector<Expr> decorators;
  std::vector<Parameter> parameters;
  Expr returns;  // null: no annotation
  Docstring docstring;
  std::vector<Statement> body;
};

// `name: annotation` and what is said of it behind.
struct Field {
  std::string name;
  Expr annotation;
  std::string comment;  // empty: none
};

// A class that only holds fields.
struct ClassDefinition {
  std::string name;
  std::vector<Expr> decorators;
  Expr base;  // null: none
  std::vector<Field> fields;
};

struct Module {
  std::vector<std::string> imports;  // complete statements; printed in isort's order and grouping
  std::vector<Assign> constants;     // module-level names between imports and classes
  std::vector<ClassDefinition> classes;
  std::vector<FunctionDefinition> functions;
};

std::string print_module(const Module& module);

// Whether a statement with this value at this indentation (in columns) stays on one line.
bool fits_on_line(const std::vector<std::string>& targets, const Expr& value, int indentation);

}  // namespace jaxsmith::source
