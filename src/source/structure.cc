#include "source/structure.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"
#include "plan/catalogue.h"
#include "source/spellings.h"

namespace jaxsmith::source {
namespace {
using plan::BodyId;
using plan::kNoValue;
using plan::Node;
using plan::Program;
using plan::ValueId;

// What operators are as functions.
std::string_view function_of(ExprKind kind, std::string_view op) {
  using Table = std::map<std::string_view, std::string_view>;
  static const Table kBinary = {{"+", "add"},           {"-", "subtract"},   {"*", "multiply"},
                                {"/", "divide"},        {"**", "power"},     {"@", "matmul"},
                                {"//", "floor_divide"}, {"%", "remainder"},  {"&", "logical_and"},
                                {"|", "logical_or"},    {"^", "logical_xor"}};
  static const Table kCompare = {{"<", "less"},    {"<=", "less_equal"},
                                 {">", "greater"}, {">=", "greater_equal"},
                                 {"==", "equal"},  {"!=", "not_equal"}};
  static const Table kUnary = {{"-", "negative"}, {"~", "logical_not"}};
  const Table& table = kind == ExprKind::kBinary    ? kBinary
                       : kind == ExprKind::kCompare ? kCompare
                                                    : kUnary;
  const auto found = table.find(op);
  return found == table.end() ? op : found->second;
}

// jnp, jax.nn.
bool is_module(const Expr& e) {
  return e->kind == ExprKind::kName || (e->kind == ExprKind::kAttribute && is_module(e->items[0]));
}

// Writes the graph from its results on: what is met first is numbered first, whatever stands first
// in the source.
class Writer {
 public:
  explicit Writer(const Program& program) : program_(program) {
    for (const plan::Body& body : program.bodies) {
      for (const auto& [name, value] : body.defaults) settings_.insert(name);
      for (const Node& node : body.nodes)
        for (std::size_t k = 0; k < node.results.size(); ++k)
          if (node.results[k] != kNoValue) made_.emplace(node.results[k], std::pair(&node, k));
    }
    for (const auto& [name, value] : program.constants) settings_.insert(name);
  }

  std::string text() {
    body(program_.root);
    return std::move(out_);
  }

 private:
  void number(const std::string& what) { out_ += what + std::to_string(numbers_.size()); }

  void value(ValueId id) {
    const plan::Value& v = program_.values[static_cast<std::size_t>(id)];
    if (!v.literal.empty()) {
      out_ += '#';
      return;
    }
    if (const auto known = numbers_.find(id); known != numbers_.end()) {
      out_ += 'v' + std::to_string(known->second);
      return;
    }
    const auto made = made_.find(id);
    if (made == made_.end()) {
      numbers_.emplace(id, numbers_.size());
      number("p");
    } else {
      node(*made->second.first);
      out_ += '.' + std::to_string(made->second.second);
    }
    out_ += ':' + std::to_string(v.type.rank());
  }

  void node(const Node& node) {
    out_ += '[';
    const plan::Op* op = program_.catalogue->find(node.op);  // none: what calls the root
    if (op == nullptr || op->has(plan::kWritten)) {
      expression(parsed(node.spelling), node);
    } else {
      out_ += node.op;
      for (const ValueId operand : node.operands) {
        out_ += ' ';
        value(operand);
      }
      for (const auto& [key, given] : node.attributes) {
        out_ += ' ' + key + '=';
        expression(parsed_attribute(key, given), node);
      }
      for (const BodyId each : node.bodies) body(each);
    }
    for (const ValueId result : node.results)
      if (result != kNoValue) numbers_.emplace(result, numbers_.size());
    out_ += ']';
  }

  void body(BodyId id) {
    if (const auto known = bodies_.find(id); known != bodies_.end()) {
      out_ += 'f' + std::to_string(known->second);
      return;
    }
    bodies_.emplace(id, bodies_.size());
    const plan::Body& b = program_.bodies[static_cast<std::size_t>(id)];
    out_ += '{';
    for (const std::string& decorator : b.decorators) out_ += '@' + decorator;
    // The root's are numbered as they are met: their order is the caller's.
    if (id != program_.root)
      for (const ValueId p : b.parameters) value(p);
    for (const ValueId result : b.results) {
      out_ += ';';
      value(result);
    }
    out_ += '}';
  }

  void hole(const std::string& text, const Node& node) {
    const auto place = [](std::string_view digits) {
      return static_cast<std::size_t>(std::stoul(std::string(digits)));
    };
    const auto digits = [](std::string_view s) {
      return !s.empty() && std::ranges::all_of(s, [](unsigned char c) { return std::isdigit(c); });
    };
    if (digits(text) && place(text) < node.operands.size())
      value(node.operands[place(text)]);
    else if (text.starts_with("f") && digits(text.substr(1)) &&
             place(text.substr(1)) < node.bodies.size())
      body(node.bodies[place(text.substr(1))]);
    else if (const auto given = node.attributes.find(text); given != node.attributes.end())
      expression(parsed_attribute(text, given->second), node);
    else
      out_ += text;
  }

  void list(const Expr& e, std::size_t from, const Node& node) {
    for (std::size_t k = from; k < e->items.size(); ++k) {
      if (e->items[k]) expression(e->items[k], node);
      out_ += ',';
    }
  }

  void called(std::string_view function, const Expr& e, std::size_t from, const Node& node) {
    out_.append(function).append("(");
    list(e, from, node);
    out_ += ')';
  }

  void name(const std::string& text) {
    out_ += settings_.contains(text) ? "#" : tensor::dtype_from_numpy_name(text) ? "dtype" : text;
  }

  void call(const Expr& e, const Node& node) {
    const Expr& function = e->items[0];
    if (function->kind == ExprKind::kAttribute) {
      out_ += function->text + '(';
      if (!is_module(function->items[0])) {  // a method
        expression(function->items[0], node);
        out_ += ',';
      }
    } else {
      expression(function, node);
      out_ += '(';
    }
    list(e, 1, node);
    out_ += ')';
  }

  void expression(const Expr& e, const Node& node) {
    switch (e->kind) {
      case ExprKind::kHole:
        return hole(e->text, node);
      case ExprKind::kNumber:
        out_ += '#';
        return;
      case ExprKind::kName:
        return name(e->text);
      case ExprKind::kAttribute:
        name(e->text);
        if (!is_module(e->items[0])) called("", e, 0, node);
        return;
      case ExprKind::kCall:
        return call(e, node);
      case ExprKind::kUnary:
        if (e->items[0]->kind == ExprKind::kNumber) {
          out_ += '#';
          return;
        }
        return called(function_of(e->kind, e->text), e, 0, node);
      case ExprKind::kBinary:
      case ExprKind::kCompare:
        return called(function_of(e->kind, e->text), e, 0, node);
      default:
        out_ += static_cast<char>('A' + static_cast<int>(e->kind));
        return called(e->text, e, 0, node);
    }
  }

  const Program& program_;
  std::string out_;
  std::set<std::string, std::less<>> settings_;
  std::unordered_map<ValueId, std::pair<const Node*, std::size_t>> made_;
  std::unordered_map<ValueId, std::size_t> numbers_;
  std::unordered_map<BodyId, std::size_t> bodies_;
};

}  // namespace

std::uint64_t structure_of(const Program& program) { return hash64(Writer(program).text()); }

}  // namespace jaxsmith::source
