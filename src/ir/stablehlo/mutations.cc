#include "ir/stablehlo/mutations.h"

#include <algorithm>
#include <map>
#include <memory>

#include "ir/common/mutation_parts.h"
#include "ir/stablehlo/op_table.h"

namespace jaxsmith::stablehlo {
namespace {

using ir::MutationKind;

constexpr ir::Language kLanguage = &ir::ElementwiseNames::stablehlo;

// Attributes that stay.
constexpr std::string_view kKept =
    // Promises, and how something is done.
    "algorithm result_accuracy indices_are_sorted unique_indices is_stable "
    // Which devices have what.
    "channel_handle channel_id use_global_device_ids replica_groups source_target_pairs "
    "is_host_transfer sharding "
    // What the types say as well, and how many operands mean what.
    "strides slice_sizes feature_group_count batch_group_count operandSegmentSizes "
    "resultSegmentSizes operand_segment_sizes "
    // What is changed in pairs.
    "start_indices limit_indices edge_padding_low edge_padding_high";

enum class Role { kRun, kReduces, kCompares, kKept };

// What an operation's region is for.
Role role_of(const Op& op, std::size_t region) {
  const std::string_view name = op.name;
  if (name == "stablehlo.sort") return Role::kCompares;
  if (name == "stablehlo.select_and_scatter") return region == 0 ? Role::kKept : Role::kReduces;
  if (is_word_of("stablehlo.reduce stablehlo.reduce_window stablehlo.scatter stablehlo.all_reduce "
                 "stablehlo.reduce_scatter chlo.scan",
                 name))
    return Role::kReduces;
  if (is_word_of("stablehlo.while stablehlo.case stablehlo.if", name)) return Role::kRun;
  return Role::kKept;
}

bool is_kept(const Op& op) {
  const std::string_view name = op.name;
  if (name == "stablehlo.custom_call" || name == "stablehlo.composite") return true;
  return !name.starts_with("stablehlo.") && !name.starts_with("chlo.") &&
         !name.starts_with("func.");
}

// ---- Attributes

std::vector<std::int64_t> numbers_of(const std::vector<Attr>& items) {
  std::vector<std::int64_t> out;
  for (const Attr& item : items) {
    const auto n = item.kind == Attr::Kind::kNumber ? item.as_int() : std::nullopt;
    if (!n) return {};
    out.push_back(*n);
  }
  return out;
}

// Integers of dense<…>, each for itself from then on.
bool change_dense(Attr& attr, Random& random) {
  auto numbers = attr.as_ints();
  if (!numbers || !ir::change_integers(*numbers, random)) return false;
  Array changed =
      Array::zeros(EvaluationContext::unmetered(), attr.dense->dtype(), attr.type->shape);
  std::ranges::copy(*numbers, changed.mutate<std::int64_t>().begin());
  tensor::settle(changed);
  attr.dense = std::make_shared<const Array>(std::move(changed));
  attr.splat = false;
  return true;
}

bool change_list(Attr& attr, Random& random) {
  if (attr.items.empty()) return false;
  Attr& one = attr.items[random.below(attr.items.size())];
  if (const auto other = ir::other_word(one.text, random)) {  // true, false
    one.text = *other;
    return true;
  }
  std::vector<std::int64_t> numbers = numbers_of(attr.items);
  if (!ir::change_integers(numbers, random)) return false;
  for (std::size_t i = 0; i < numbers.size(); ++i) attr.items[i].text = std::to_string(numbers[i]);
  return true;
}

// #stablehlo<comparison_direction GT>, #stablehlo.dot<lhs_contracting_dimensions = [1], …>.
bool change_dialect(Attr& attr, Random& random) {
  const std::string word(attr.as_word());
  if (const auto other = ir::other_word(word, random)) {
    attr.body.replace(attr.body.size() - word.size(), word.size(), *other);
    return true;
  }
  const auto other = ir::with_other_numbers(attr.body, false, random);
  if (other) attr.body = *other;
  return other.has_value();
}

bool change_attribute(Attr& attr, Random& random) {
  switch (attr.kind) {
    case Attr::Kind::kBool: {
      const auto other = ir::other_word(attr.text, random);
      if (other) attr.text = *other;
      return other.has_value();
    }
    case Attr::Kind::kNumber: {
      const auto value = attr.as_int();
      const auto other = value ? ir::other_integer(*value, DType::kI64, random) : std::nullopt;
      if (other) attr.text = std::to_string(*other);
      return other.has_value();
    }
    case Attr::Kind::kArray:
    case Attr::Kind::kDenseArray:
      return change_list(attr, random);
    case Attr::Kind::kDense:
      return change_dense(attr, random);
    case Attr::Kind::kDialect:
      return change_dialect(attr, random);
    default:
      return false;
  }
}

bool change_constant(Attr& attr, Random& random) {
  if (attr.kind != Attr::Kind::kDense || (attr.type && attr.type->quantized)) return false;
  auto other = ir::with_other_element(*attr.dense, random);
  if (!other) return false;
  attr.dense = std::make_shared<const Array>(std::move(*other));
  return true;
}

Attr* attribute_of(Op& op, std::string_view name) {
  for (NamedAttr& a : op.attrs)
    if (a.name == name) return &a.value;
  return nullptr;
}

// Adds to a number of one list and to that of the same dimension of another.
bool move_both(Op& op, std::string_view first, std::string_view second, bool opposite,
               Random& random) {
  Attr *a = attribute_of(op, first), *b = attribute_of(op, second);
  if (!a || !b || a->items.empty() || a->items.size() != b->items.size()) return false;
  std::vector<std::int64_t> x = numbers_of(a->items), y = numbers_of(b->items);
  if (x.empty() || y.empty()) return false;
  const std::size_t d = random.below(x.size());
  const std::int64_t step = random.chance(0.5) ? 1 : -1;
  if (__builtin_add_overflow(x[d], step, &x[d]) ||
      __builtin_add_overflow(y[d], opposite ? -step : step, &y[d]))
    return false;
  a->items[d].text = std::to_string(x[d]);
  b->items[d].text = std::to_string(y[d]);
  return true;
}

class Places {
 public:
  explicit Places(Module& module) : m_(module), scopes_(std::make_shared<Scopes>()) {
    std::map<std::string, std::size_t> numbers;
    for (const Value& v : m_.values)
      types_.push_back(numbers.emplace(v.type ? v.type->text() : "", numbers.size()).first->second);
    for (Function& f : m_.functions) {
      if (f.declared_only) continue;
      const Scopes::Place begin = scopes_->here();
      for (const Argument& a : f.arguments) scopes_->add(a.value);
      block(f.body, Role::kRun);
      scopes_->close(begin);
    }
  }
  ir::Mutations take() { return std::move(out_); }

 private:
  using Scopes = ir::Scopes<ValueId>;

  void put(MutationKind kind, const Op& op, std::function<bool(Random&)> make) {
    out_.push_back({kind, op.name, std::move(make)});
  }

  void block(Block& b, Role role) {
    if (role == Role::kKept) return;
    if (role == Role::kReduces) {
      if (b.ops.size() == 2 && ends_block(b.ops[1])) operation(b.ops[0], true);
      return;
    }
    if (role == Role::kCompares) {
      for (Op& op : b.ops) turn_comparison(op);
      return;
    }
    const Scopes::Place begin = scopes_->here();
    for (const ValueId v : b.arguments) scopes_->add(v);
    for (Op& op : b.ops) {
      if (!is_kept(op)) places_of(op);
      for (const ValueId v : op.results) scopes_->add(v);
    }
    scopes_->close(begin);
  }

  void places_of(Op& op) {
    operands(op, ends_block(op) ? MutationKind::kResult : MutationKind::kOperand);
    if (ends_block(op)) return;
    operation(op, false);
    attributes(op);
    for (std::size_t r = 0; r < op.regions.size(); ++r) block(op.regions[r], role_of(op, r));
  }

  void operands(Op& op, MutationKind kind) {
    const bool ordered = !ir::commutes(kLanguage, op.name) && kind == MutationKind::kOperand;
    const Scopes::Place here = scopes_->here();
    for (std::size_t i = 0; i < op.operands.size(); ++i) {
      put(kind, op, [this_op = &op, i, here, scopes = scopes_, types = types_of()](Random& random) {
        ValueId& operand = this_op->operands[i];
        const auto others = scopes->seen(
            here, [&](ValueId v) { return v != operand && (*types)[v] == (*types)[operand]; });
        if (others.empty()) return false;
        operand = random.pick(others);
        return true;
      });
      if (i + 1 == op.operands.size() || !ordered) continue;
      put(kind, op, [this_op = &op, i, types = types_of()](Random& random) {
        std::vector<ValueId>& all = this_op->operands;
        std::vector<std::size_t> others;
        for (std::size_t k = i + 1; k < all.size(); ++k)
          if ((*types)[all[k]] == (*types)[all[i]] && all[k] != all[i]) others.push_back(k);
        if (others.empty()) return false;
        std::swap(all[i], all[random.pick(others)]);
        return true;
      });
    }
  }

  void operation(Op& op, bool reduces) {
    if (!op.rule || !op.attrs.empty() || !op.regions.empty() || op.results.size() != 1) return;
    std::vector<DType> types;
    for (const Type* t : op.operand_types)
      if (t->is_array() && !t->quantized) types.push_back(*t->dtype);
    const Type* result = m_.type_of(op.results[0]);
    if (types.empty() || types.size() != op.operands.size() || !result->is_array()) return;
    put(MutationKind::kOperation, op, [&op, types, to = *result->dtype, reduces](Random& random) {
      const auto other = ir::other_operation(kLanguage, op.name, types, to, reduces, random);
      if (!other) return false;
      op.name = *other;
      op.rule = op_rule(op.name);
      return true;
    });
  }

  // Less and greater: what else there is gives no order.
  void turn_comparison(Op& op) {
    Attr* direction =
        op.name == "stablehlo.compare" ? attribute_of(op, "comparison_direction") : nullptr;
    if (!direction || direction->kind != Attr::Kind::kDialect ||
        (direction->as_word() != "LT" && direction->as_word() != "GT"))
      return;
    put(MutationKind::kAttribute, op, [direction](Random&) {
      direction->body.replace(direction->body.size() - 2, 2,
                              direction->as_word() == "LT" ? "GT" : "LT");
      return true;
    });
  }

  void attributes(Op& op) {
    const bool constant = op.name == "stablehlo.constant" || op.name == "chlo.constant";
    for (NamedAttr& a : op.attrs) {
      if (is_word_of(kKept, a.name) || a.name.find('.') != std::string::npos) continue;
      put(constant ? MutationKind::kConstant : MutationKind::kAttribute, op,
          [&value = a.value, constant](Random& random) {
            return constant ? change_constant(value, random) : change_attribute(value, random);
          });
    }
    if (op.name == "stablehlo.slice")
      put(MutationKind::kAttribute, op, [&op](Random& random) {
        return move_both(op, "start_indices", "limit_indices", false, random);
      });
    if (op.name == "stablehlo.pad")
      put(MutationKind::kAttribute, op, [&op](Random& random) {
        return move_both(op, "edge_padding_low", "edge_padding_high", true, random);
      });
    if (op.name == "stablehlo.case" || op.name == "stablehlo.if")
      for (std::size_t r = 0; r + 1 < op.regions.size(); ++r)
        put(MutationKind::kAttribute, op, [&op, r](Random&) {
          std::swap(op.regions[r], op.regions[r + 1]);
          return true;
        });
  }

  std::shared_ptr<const std::vector<std::size_t>> types_of() {
    if (!shared_types_) shared_types_ = std::make_shared<const std::vector<std::size_t>>(types_);
    return shared_types_;
  }

  Module& m_;
  std::shared_ptr<Scopes> scopes_;
  std::vector<std::size_t> types_;  // of values, by their text
  std::shared_ptr<const std::vector<std::size_t>> shared_types_;
  ir::Mutations out_;
};

}  // namespace

ir::Mutations mutations(Module& module) { return Places(module).take(); }

}  // namespace jaxsmith::stablehlo
