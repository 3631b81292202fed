#include "source/dialect.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>
#include <vector>

#include "plan/op.h"
#include "plan/packs.h"
#include "source/spellings.h"

namespace jaxsmith::source {
namespace {

using plan::DType;
using plan::Operands;
using plan::Type;
using plan::Word;

// A part of a spelling in the dialect, and what is known of it.
struct Spoken {
  Expr e;
  bool array = false;                       // no number of Python's, and nothing that steers a call
  std::optional<Type> type = std::nullopt;  // as far as it is known
};

using Bound = std::map<std::string, Expr, std::less<>>;

// What the holes of a pattern stand for in an expression; false where it is not of its form.
bool match(const Expr& pattern, const Expr& e, Bound& bound) {
  if (!pattern || !e) return !pattern && !e;
  if (pattern->kind == ExprKind::kHole) return bound.emplace(pattern->text, e).second;
  if (pattern->kind != e->kind || pattern->text != e->text ||
      pattern->items.size() != e->items.size())
    return false;
  for (std::size_t i = 0; i < e->items.size(); ++i)
    if (!match(pattern->items[i], e->items[i], bound)) return false;
  return true;
}

// Dimensions as the lower module joins them: alike or one, where there are as many.
bool joins(const tensor::Shape& x, const tensor::Shape& y) {
  if (x.empty() || y.empty()) return true;
  if (x.size() != y.size()) return false;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (x[i] != y[i] && x[i] != 1 && y[i] != 1) return false;
  return true;
}

class Speaker {
 public:
  Speaker(const plan::Dialect& dialect, const plan::Program& program, const plan::Node& node)
      : dialect_(dialect), program_(program), node_(node) {}

  Spoken say(const Expr& e) const {
    if (e->kind == ExprKind::kHole) return operand(e);
    if (number_of(e)) return {e, false, literal_type(e)};
    for (const Word& word : dialect_.words)
      if (auto said = in(word, e)) return *std::move(said);
    return of_parts(e);
  }

 private:
  Spoken operand(const Expr& hole) const {
    const std::string& text = hole->text;
    if (!std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; }))
      return {hole};
    const std::size_t at = std::stoul(text);
    if (at >= node_.operands.size() || node_.operands[at] == plan::kNoValue ||
        plan::packed_at(node_.packed_operands, at) != nullptr)
      return {hole};
    const plan::Value& value = program_.values[static_cast<std::size_t>(node_.operands[at])];
    if (!value.literal.empty()) {  // written as it is, whatever the program's type
      const Expr written = parsed(value.literal);
      return {hole, false, number_of(written) ? literal_type(written) : value.type};
    }
    // A whole number may be one of Python's, that of a loop that is left to it, and one of half
    // precision what a loop has begun with.
    const bool number = value.type.rank() == 0, half = tensor::byte_size(value.type.dtype) == 2;
    const bool array = !number || tensor::is_inexact(value.type.dtype);
    return {hole, array, value.weak || (number && half) ? std::nullopt : std::optional(value.type)};
  }

  // As JAX takes numbers of Python's where nothing promotes them.
  Type literal_type(const Expr& e) const {
    const Expr& digits = e->kind == ExprKind::kUnary ? e->items[0] : e;
    const bool real = digits->text.find_first_of(".e") != std::string::npos;
    if (real) return {program_.x64 ? DType::kF64 : DType::kF32, {}};
    return {program_.x64 ? DType::kI64 : DType::kI32, {}};
  }

  std::optional<Spoken> in(const Word& word, const Expr& e) const {
    Bound bound;
    if (!match(parsed(word.usual), e, bound)) return std::nullopt;
    std::vector<Spoken> parts;
    Bound said;
    for (const auto& [hole, part] : bound) {
      parts.push_back(say(part));
      said.emplace(hole, parts.back().e);
    }
    const Spoken* subject = subject_of(parts);
    if (!subject || !allows(word, parts, *subject)) return std::nullopt;
    Spoken out{substitute(parsed(word.here), said), true};
    if (word.operands == Operands::kAny) return out;
    out.type = Type{word.gives_truth ? DType::kBool : subject->type->dtype, shape_of(parts)};
    return out;
  }

  // The array of the highest rank among them, or the last where that is not known.
  static const Spoken* subject_of(const std::vector<Spoken>& parts) {
    const Spoken* out = nullptr;
    for (const Spoken& part : parts) {
      if (!part.array) continue;
      const bool higher =
          !out || !out->type || !part.type || part.type->rank() >= out->type->rank();
      if (higher) out = &part;
    }
    return out;
  }

  static tensor::Shape shape_of(const std::vector<Spoken>& parts) {
    tensor::Shape out;
    for (const Spoken& part : parts) {
      if (part.type->shape.size() > out.size()) out.assign(part.type->shape.size(), 1);
      for (std::size_t i = 0; i < part.type->shape.size(); ++i)
        out[i] = std::max(out[i], part.type->shape[i]);
    }
    return out;
  }

  static bool allows(const Word& word, const std::vector<Spoken>& parts, const Spoken& subject) {
    const bool typed = word.kinds != 0 || word.rank >= 0 || word.operands != Operands::kAny;
    if (!typed) return true;
    if (!subject.type) return false;
    if (word.kinds != 0 && (plan::kind_of(subject.type->dtype) & word.kinds) == 0) return false;
    const auto has_rank = [&](const Spoken& part) {
      return part.type && part.type->rank() == word.rank;
    };
    if (word.rank >= 0 && !std::ranges::all_of(parts, has_rank)) return false;
    if (word.operands == Operands::kAny) return true;
    if (!std::ranges::all_of(parts, [](const Spoken& part) { return part.type.has_value(); }))
      return false;
    if (word.operands == Operands::kChoice) return may_choose(parts);
    return std::ranges::all_of(
               parts,
               [&](const Spoken& part) {
                 const tensor::Shape &own = part.type->shape, &whole = subject.type->shape;
                 return part.type->dtype == subject.type->dtype &&
                        (word.operands == Operands::kSame ? joins(own, whole)
                                                          : own.empty() || own == whole);
               }) &&
           (word.operands == Operands::kSame || parts[0].type->shape == subject.type->shape);
  }

  static bool may_choose(const std::vector<Spoken>& parts) {
    const Type &by = *parts[0].type, &first = *parts[1].type;
    return by.dtype == DType::kBool && (by.shape.empty() || by.shape == first.shape) &&
           std::all_of(parts.begin() + 1, parts.end(),
                       [&](const Spoken& part) { return part.array && *part.type == first; });
  }

  // Its parts in the dialect. What stands in brackets, and what a lambda does, stays as it is.
  Spoken of_parts(const Expr& e) const {
    if (e->kind == ExprKind::kLambda || e->kind == ExprKind::kComprehension) return {e};
    Expression out = *e;
    const bool subscript = e->kind == ExprKind::kSubscript;
    bool array = false;
    for (std::size_t i = 0; i < (subscript ? 1 : out.items.size()); ++i) {
      if (!out.items[i]) continue;
      Spoken part = say(out.items[i]);
      array = array || part.array;
      out.items[i] = std::move(part.e);
    }
    const bool sizes =
        e->kind == ExprKind::kAttribute &&
        (e->text == "shape" || e->text == "size" || e->text == "ndim" || e->text == "dtype");
    const bool calls_python = e->kind == ExprKind::kCall && e->items[0]->kind == ExprKind::kName;
    const bool sequence = e->kind == ExprKind::kTuple || e->kind == ExprKind::kKeyword;
    return {std::make_shared<Expression>(std::move(out)),
            array && !sizes && !calls_python && !sequence};
  }

  const plan::Dialect& dialect_;
  const plan::Program& program_;
  const plan::Node& node_;
};

}  // namespace

const plan::Dialect* draw_dialect(const plan::Vocabulary& words, Random random) {
  double left = random.uniform();
  for (const plan::Dialect& dialect : words.dialects)
    if ((left -= dialect.share) < 0) return &dialect;
  return nullptr;
}

Expr in_dialect(const Expr& spelling, const plan::Dialect& dialect, const plan::Program& program,
                const plan::Node& node) {
  return Speaker(dialect, program, node).say(spelling).e;
}

}  // namespace jaxsmith::source
