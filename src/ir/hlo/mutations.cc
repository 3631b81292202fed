#include "ir/hlo/mutations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cfloat>
#include <charconv>
#include <cstdlib>
#include <map>
#include <memory>

#include "ir/common/mutation_parts.h"
#include "ir/hlo/op_table.h"
#include "ir/hlo/printer.h"

namespace jaxsmith::hlo {
namespace {

using ir::MutationKind;
using Kind = AttributeValue::Kind;

constexpr ir::Language kLanguage = &ir::ElementwiseNames::hlo;

// Attributes that stay: promises, what says how and not what, what the types say as well, and which
// dimension of a convolution means what.
bool is_kept(std::string_view key) {
  return is_annotation(key) || is_hint(key) ||
         is_word_of(
             "algorithm indices_are_sorted unique_indices is_stable is_composite slice_sizes "
             "dynamic_slice_sizes feature_group_count batch_group_count dim_labels",
             key);
}

// Which instructions stay as they are.
bool is_kept(const Instruction& op) {
  const std::string_view name = op.opcode;
  if (is_word_of("custom-call parameter domain rng add-dependency", name)) return true;
  for (const std::string_view part : {"-start", "-done", "-update"})
    if (name.ends_with(part)) return true;
  const OpRule* rule = op_rule(name);
  return !rule || rule->has_attribute("replica_groups") || rule->has_attribute("channel_id");
}

enum class Role { kRun, kReduces, kCompares, kKept };

Role role_of(const Instruction& op, std::string_view key) {
  const std::string_view name = op.opcode;
  if (name == "sort") return Role::kCompares;
  if (name == "select-and-scatter") return key == "scatter" ? Role::kReduces : Role::kKept;
  const bool applies = key == "to_apply" && !is_word_of("call map custom-call", name);
  if (applies) return Role::kReduces;
  return name == "custom-call" ? Role::kKept : Role::kRun;
}

// As XLA prints numbers, so that none is told by its digits from those that were there: as few
// digits as any number of the type keeps, or where these do not give it again, as many as all need.
std::string printed_real(double value, DType dtype) {
  if (dtype != DType::kF32 && dtype != DType::kF64) return fmt::format("{:.4g}", value);
  const bool single = dtype == DType::kF32;
  const std::string few = fmt::format("{:.{}g}", value, single ? FLT_DIG : DBL_DIG);
  const double again = std::strtod(few.c_str(), nullptr);
  const bool same =
      single ? static_cast<float>(again) == static_cast<float>(value) : again == value;
  return same ? few : fmt::format("{:.{}g}", value, single ? FLT_DIG + 3 : DBL_DIG + 2);
}

std::optional<std::string> other_scalar(std::string_view text, DType dtype, Random& random) {
  if (dtype == DType::kBool) return ir::other_word(text, random);
  const char* end = text.data() + text.size();
  if (tensor::is_integer(dtype)) {
    std::int64_t value = 0;
    if (std::from_chars(text.data(), end, value).ptr != end) return std::nullopt;
    const auto other = ir::other_integer(value, dtype, random);
    if (!other) return std::nullopt;
    return tensor::is_unsigned(dtype) ? std::to_string(static_cast<std::uint64_t>(*other))
                                      : std::to_string(*other);
  }
  double value = 0;
  if (std::from_chars(text.data(), end, value).ptr != end) return std::nullopt;
  const DType part = dtype == DType::kC64    ? DType::kF32
                     : dtype == DType::kC128 ? DType::kF64
                                             : dtype;
  const auto other = ir::other_real(value, part, random);
  if (!other) return std::nullopt;
  return printed_real(*other, part);
}

bool change_literal(Literal& literal, DType dtype, Random& random) {
  if (literal.tuple || literal.size() == 0) return false;
  const std::size_t at = random.below(literal.size());
  std::string text;
  std::vector<std::uint32_t> ends;
  for (std::size_t i = 0; i < literal.size(); ++i) {
    if (i != at) {
      text += literal[i];
    } else {
      const auto other = other_scalar(literal[i], dtype, random);
      if (!other || *other == literal[i]) return false;
      text += *other;
    }
    ends.push_back(static_cast<std::uint32_t>(text.size()));
  }
  literal.text = std::move(text);
  literal.ends = std::move(ends);
  return true;
}

// Both ends of a dimension by one.
bool move_slice(std::vector<SliceDim>& slices, Random& random) {
  if (slices.empty()) return false;
  SliceDim& dim = slices[random.below(slices.size())];
  const std::int64_t step = random.chance(0.5) ? 1 : -1;
  std::int64_t start = 0, limit = 0;
  if (__builtin_add_overflow(dim.start, step, &start) ||
      __builtin_add_overflow(dim.limit, step, &limit) || start < 0)
    return false;
  dim.start = start;
  dim.limit = limit;
  return true;
}

bool change_value(AttributeValue& value, Random& random) {
  switch (value.kind) {
    case Kind::kInts:
      return ir::change_integers(value.ints, random);
    case Kind::kSlices:
      return move_slice(value.slices, random);
    case Kind::kRecord:
      return !value.fields.empty() &&
             change_value(value.fields[random.below(value.fields.size())].value, random);
    case Kind::kWord: {
      auto other = ir::other_word(value.text, random);
      if (!other) other = ir::with_other_numbers(value.text, true, random);
      if (other) value.text = *other;
      return other.has_value();
    }
    case Kind::kComputations:  // branches
      if (value.ints.size() < 2 || value.ints[0] == value.ints[1]) return false;
      std::swap(value.ints[0], value.ints[1]);
      return true;
    default:
      return false;
  }
}

class Places {
 public:
  explicit Places(Module& module) : m_(module) {
    find_roles();
    for (std::size_t c = 0; c < m_.computations.size(); ++c) computation(c);
  }
  ir::Mutations take() { return std::move(out_); }

 private:
  using Types = std::shared_ptr<const std::vector<std::size_t>>;

  void find_roles() {
    roles_.assign(m_.computations.size(), Role::kRun);
    for (const Computation& c : m_.computations)
      for (const Instruction& op : c.instructions)
        for (const Attribute& a : op.attributes) {
          if (a.value.kind != Kind::kComputations) continue;
          const Role role = role_of(op, a.key);
          if (role == Role::kRun) continue;
          for (const std::int64_t callee : a.value.ints)
            roles_[static_cast<std::size_t>(callee)] = role;
        }
  }

  void put(MutationKind kind, const Instruction& op, std::function<bool(Random&)> make) {
    out_.push_back({kind, op.opcode, std::move(make)});
  }

  // Numbers for the shapes of a computation's instructions, layouts included.
  Types types_of(const Computation& c) {
    std::vector<std::size_t> out;
    for (const Instruction& op : c.instructions)
      out.push_back(shapes_.emplace(print(op.shape), shapes_.size()).first->second);
    return std::make_shared<const std::vector<std::size_t>>(std::move(out));
  }

  void computation(std::size_t number) {
    Computation& c = m_.computations[number];
    const Types types = types_of(c);
    const Role role = roles_[number];
    if (role == Role::kKept) return;
    if (role == Role::kReduces) return reducer(c);
    for (std::size_t i = 0; i < c.instructions.size(); ++i) {
      Instruction& op = c.instructions[i];
      if (role == Role::kCompares) {
        turn_comparison(op);
        continue;
      }
      if (is_kept(op)) continue;
      const bool result = static_cast<std::int32_t>(i) == c.root && op.opcode == "tuple";
      operands(c, i, types, result ? MutationKind::kResult : MutationKind::kOperand);
      operation(c, op, false);
      constant(op);
      attributes(op, number);
    }
    if (role == Role::kRun && !c.instructions.empty()) root(c, types);
  }

  // Parameters and one operation on them.
  void reducer(Computation& c) {
    Instruction* only = nullptr;
    for (Instruction& op : c.instructions) {
      if (op.opcode == "parameter") continue;
      if (only) return;
      only = &op;
    }
    if (only) operation(c, *only, true);
  }

  static bool other_instruction(std::int32_t& operand, std::size_t before, const Types& types,
                                Random& random) {
    std::vector<std::int32_t> others;
    for (std::size_t k = 0; k < before; ++k)
      if ((*types)[k] == (*types)[static_cast<std::size_t>(operand)] &&
          static_cast<std::int32_t>(k) != operand)
        others.push_back(static_cast<std::int32_t>(k));
    if (others.empty()) return false;
    operand = random.pick(others);
    return true;
  }

  void operands(Computation& c, std::size_t i, const Types& types, MutationKind kind) {
    Instruction& op = c.instructions[i];
    const bool ordered = !ir::commutes(kLanguage, op.opcode) && kind == MutationKind::kOperand;
    for (std::size_t n = 0; n < op.operands.size(); ++n) {
      put(kind, op, [&op, n, i, types](Random& random) {
        return other_instruction(op.operands[n], i, types, random);
      });
      if (!ordered || n + 1 == op.operands.size()) continue;
      put(kind, op, [&op, n, types](Random& random) {
        std::vector<std::int32_t>& all = op.operands;
        const auto type = [&](std::size_t k) { return (*types)[static_cast<std::size_t>(all[k])]; };
        std::vector<std::size_t> others;
        for (std::size_t k = n + 1; k < all.size(); ++k)
          if (type(k) == type(n) && all[k] != all[n]) others.push_back(k);
        if (others.empty()) return false;
        std::swap(all[n], all[random.pick(others)]);
        return true;
      });
    }
  }

  void operation(const Computation& c, Instruction& op, bool reduces) {
    const auto element = [](const Shape& s) {
      return s.array() ? dtype_named(s.element) : std::nullopt;
    };
    if (std::any_of(op.attributes.begin(), op.attributes.end(),
                    [](const Attribute& a) { return !is_annotation(a.key); }))
      return;
    std::vector<DType> types;
    for (const std::int32_t operand : op.operands)
      if (const auto dtype = element(c.instructions[static_cast<std::size_t>(operand)].shape))
        types.push_back(*dtype);
    const auto result = element(op.shape);
    if (types.empty() || types.size() != op.operands.size() || !result) return;
    put(MutationKind::kOperation, op, [&op, types, result, reduces](Random& random) {
      const auto other = ir::other_operation(kLanguage, op.opcode, types, *result, reduces, random);
      if (other) op.opcode = *other;
      return other.has_value();
    });
  }

  void constant(Instruction& op) {
    const auto dtype = op.shape.array() ? dtype_named(op.shape.element) : std::nullopt;
    if (!op.literal || !dtype) return;
    put(MutationKind::kConstant, op,
        [&op, dtype](Random& random) { return change_literal(*op.literal, *dtype, random); });
  }

  // Less and greater: what else there is gives no order.
  void turn_comparison(Instruction& op) {
    for (Attribute& a : op.attributes) {
      if (a.key != "direction" || (a.value.text != "LT" && a.value.text != "GT")) continue;
      put(MutationKind::kAttribute, op, [&text = a.value.text](Random&) {
        text = text == "LT" ? "GT" : "LT";
        return true;
      });
    }
  }

  void attributes(Instruction& op, std::size_t number) {
    for (Attribute& a : op.attributes) {
      if (is_kept(a.key)) continue;
      const bool applies = a.value.kind == Kind::kComputations && a.key == "to_apply";
      if (applies && a.value.ints.empty()) continue;
      if (applies && role_of(op, a.key) != Role::kReduces) continue;
      if (!applies) {
        put(MutationKind::kAttribute, op,
            [&value = a.value](Random& random) { return change_value(value, random); });
      } else if (const auto others = other_reducers(a.value.ints[0], number); !others.empty()) {
        put(MutationKind::kAttribute, op, [&callee = a.value.ints[0], others](Random& random) {
          callee = random.pick(others);
          return true;
        });
      }
    }
  }

  std::string signature(const Computation& c) const {
    std::string out;
    for (const std::int32_t p : c.parameters)
      out += print(c.instructions[static_cast<std::size_t>(p)].shape) + ", ";
    return out + print(c.instructions[static_cast<std::size_t>(c.root)].shape);
  }

  std::string root_opcode(const Computation& c) const {
    return c.instructions[static_cast<std::size_t>(c.root)].opcode;
  }

  // Of the same types, defined before the computation that calls it; those that end otherwise.
  std::vector<std::int64_t> other_reducers(std::int64_t callee, std::size_t caller) const {
    const Computation& own = m_.computations[static_cast<std::size_t>(callee)];
    if (own.instructions.empty() || own.inlined) return {};
    std::vector<std::int64_t> out;
    for (std::size_t c = 0; c < std::min(caller, m_.computations.size()); ++c) {
      const Computation& other = m_.computations[c];
      if (roles_[c] == Role::kReduces && !other.inlined && !other.instructions.empty() &&
          root_opcode(other) != root_opcode(own) && signature(other) == signature(own))
        out.push_back(static_cast<std::int64_t>(c));
    }
    return out;
  }

  // Another instruction is what the computation gives.
  void root(Computation& c, const Types& types) {
    const auto last = static_cast<std::size_t>(c.root);
    if (c.instructions[last].opcode == "tuple") return;
    put(MutationKind::kResult, c.instructions[last], [&c, types](Random& random) {
      const std::int32_t before = c.root;
      if (!other_instruction(c.root, c.instructions.size(), types, random)) return false;
      c.instructions[static_cast<std::size_t>(before)].root = false;
      c.instructions[static_cast<std::size_t>(c.root)].root = true;
      return true;
    });
  }

  Module& m_;
  std::vector<Role> roles_;  // of computations
  std::map<std::string, std::size_t> shapes_;

  ir::Mutations out_;
};

}  // namespace

ir::Mutations mutations(Module& module) { return Places(module).take(); }

}  // namespace jaxsmith::hlo
