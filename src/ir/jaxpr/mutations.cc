#include "ir/jaxpr/mutations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "ir/common/mutation_parts.h"
#include "ir/jaxpr/op_table.h"

namespace jaxsmith::jaxpr {
namespace {

using Kind = ParamValue::Kind;
using ir::MutationKind;
using tensor::DType;

constexpr ir::Language kLanguage = &ir::ElementwiseNames::jaxpr;

// Primitives with the same parameters of which one stands where another may, but for `out_sharding`
// of reduce_sum.
constexpr std::string_view kAlike[] = {
    "reduce_sum reduce_prod reduce_max reduce_min",
    "reduce_and reduce_or reduce_xor",
    "argmax argmin",
    "cumsum cumprod cummax cummin cumlogsumexp",
    "reduce_window_sum reduce_window_max reduce_window_min",
    "eq ne lt le gt ge",
    "lt_to le_to",
};

// Parameters that stay.
constexpr std::string_view kKept =
    // Promises, and how something is done.
    "accuracy precision algorithm implementation indices_are_sorted unique_indices is_stable exact "
    "use_magma unroll prevent_cse policy memory_space platforms debug "
    // What only JAX's transformations and its compiler read.
    "name donated_invars inline ctx_mesh keep_unused in_shardings out_shardings in_layouts "
    "out_layouts compiler_options_kvs linear jvp _split_transpose symbolic_zeros differentiated "
    "effects select_prim update_consts "
    // What the results' types say as well.
    "preferred_element_type out_dtype weak_type index_dtype new_dtype input_dtype dtype shape "
    "new_sizes compute_uv full_matrices subset_by_index pivoting "
    // How many variables mean what.
    "num_consts num_carry cond_nconsts body_nconsts const_lengths num_keys feature_group_count "
    "batch_group_count "
    // Which devices have what.
    "sharding out_sharding axis_name axis_index_groups mesh in_specs out_specs axis_types "
    "newly_manual_axes manual_axes check_vma";

// What a jaxpr in a parameter is for.
enum class Role {
  kRun,      // as what stands around it
  kReduces,  // any number of times, in any order
  kNotRun,   // in what jaxsmith executes
};

Role role_of(const Equation& equation, std::string_view key) {
  const std::string_view name = equation.primitive;
  if (is_word_of("update_jaxpr select_jaxpr vecmat matvec transpose_solve", key))
    return Role::kNotRun;
  if (key == "scatter_jaxpr" || name == "reduce" || name == "reduce_window") return Role::kReduces;
  const OpRule* rule = op_rule(name);
  return rule && rule->calls && rule->runs != key ? Role::kNotRun : Role::kRun;
}

std::optional<Type> known_type(const Aval& aval) {
  try {
    return type_of(aval);
  } catch (const tensor::EvaluationError&) {
    return std::nullopt;
  }
}

// Of an array; nothing for others.
std::optional<DType> dtype_of(const std::optional<Aval>& aval) {
  const auto type = aval && !aval->is_ref ? known_type(*aval) : std::nullopt;
  if (!type || type->kind != Type::Kind::kArray) return std::nullopt;
  return type->dtype;
}

// As Python's repr has it.
std::string python_real(double value) {
  std::string out = fmt::format("{}", value);
  return out.find_first_of(".en") == std::string::npos ? out + ".0" : out;
}

std::optional<std::string> other_literal(const std::string& text, DType dtype, Random& random) {
  if (dtype == DType::kBool) return ir::other_word(text, random);
  if (text.starts_with('[')) return std::nullopt;
  const ParamValue as_int{.kind = Kind::kInt, .text = text, .items = {}, .nested = {}};
  if (tensor::is_integer(dtype)) {
    const auto value = as_int.as_int();
    const auto other = value ? ir::other_integer(*value, dtype, random) : std::nullopt;
    if (!other) return std::nullopt;
    return tensor::is_unsigned(dtype) ? std::to_string(static_cast<std::uint64_t>(*other))
                                      : std::to_string(*other);
  }
  if (!tensor::is_real(dtype)) return std::nullopt;
  const ParamValue as_float{.kind = Kind::kFloat, .text = text, .items = {}, .nested = {}};
  const auto value = as_float.as_real();
  const auto other = value ? ir::other_real(*value, dtype, random) : std::nullopt;
  if (!other) return std::nullopt;
  return python_real(*other);
}

// The parts of a parameter that can become others.
struct Parts {
  std::vector<ParamValue*> numbers, words;
  std::vector<std::vector<ParamValue*>> lists;  // of numbers that are not all the same

  explicit Parts(ParamValue& value) { add(value); }

 private:
  void add(ParamValue& v) {
    switch (v.kind) {
      case Kind::kInt:
      case Kind::kFloat:
        numbers.push_back(&v);
        return;
      case Kind::kBool:
      case Kind::kName:
      case Kind::kString:
        words.push_back(&v);
        return;
      case Kind::kKeyword:
        if (is_word_of(kKept, v.text)) return;
        break;
      case Kind::kTuple:
      case Kind::kList:
        add_list(v);
        break;
      default:
        break;
    }
    for (ParamValue& item : v.items) add(item);
  }

  void add_list(ParamValue& v) {
    std::vector<ParamValue*> items;
    for (ParamValue& item : v.items)
      if (item.kind == Kind::kInt) items.push_back(&item);
    const bool unlike = std::any_of(items.begin(), items.end(), [&](const ParamValue* item) {
      return item->text != items[0]->text;
    });
    if (unlike) lists.push_back(std::move(items));
  }
};

bool change_list(const std::vector<ParamValue*>& items, Random& random) {
  std::vector<std::int64_t> numbers;
  for (const ParamValue* item : items) {
    const auto n = item->as_int();
    if (!n) return false;
    numbers.push_back(*n);
  }
  if (!ir::change_integers(numbers, random)) return false;
  for (std::size_t i = 0; i < items.size(); ++i) items[i]->text = std::to_string(numbers[i]);
  return true;
}

bool change_number(ParamValue& value, Random& random) {
  const bool whole = value.kind == Kind::kInt;
  const auto other = other_literal(value.text, whole ? DType::kI64 : DType::kF64, random);
  if (other) value.text = *other;
  return other.has_value();
}

// The last word of "GatherScatterMode.CLIP", or all of 'IFFT' without its quotes.
bool change_word(ParamValue& value, Random& random) {
  const std::string word(value.kind == Kind::kBool ? std::string_view(value.text)
                                                   : value.as_word());
  const auto other = ir::other_word(word, random);
  const std::size_t at = value.text.rfind(word);
  if (!other || at == std::string::npos) return false;
  value.text.replace(at, word.size(), *other);
  return true;
}

bool change_parameter(ParamValue& value, Random& random) {
  const Parts parts(value);
  std::vector<std::function<bool()>> ways;
  for (ParamValue* v : parts.numbers)
    ways.emplace_back([v, &random] { return change_number(*v, random); });
  for (ParamValue* v : parts.words)
    ways.emplace_back([v, &random] { return change_word(*v, random); });
  for (const auto& list : parts.lists)
    ways.emplace_back([&list, &random] { return change_list(list, random); });
  random.shuffle(ways);
  return std::any_of(ways.begin(), ways.end(), [](const auto& way) { return way(); });
}

// Both ends of a slice's dimension by one.
bool move_slice(Equation& equation, Random& random) {
  ParamValue* ends[2] = {nullptr, nullptr};
  for (Param& p : equation.params) {
    if (p.key == "start_indices") ends[0] = &p.value;
    if (p.key == "limit_indices") ends[1] = &p.value;
  }
  if (!ends[0] || !ends[1] || ends[0]->items.empty() ||
      ends[0]->items.size() != ends[1]->items.size())
    return false;
  const std::size_t d = random.below(ends[0]->items.size());
  const std::int64_t step = random.chance(0.5) ? 1 : -1;
  std::int64_t moved[2] = {0, 0};
  for (std::size_t e = 0; e < 2; ++e) {
    const auto n = ends[e]->items[d].as_int();
    if (!n || __builtin_add_overflow(*n, step, &moved[e]) || moved[e] < 0) return false;
  }
  for (std::size_t e = 0; e < 2; ++e) {
    ParamValue& item = ends[e]->items[d];
    (item.kind == Kind::kInt ? item : item.items.front()).text = std::to_string(moved[e]);
  }
  return true;
}

class Places {
 public:
  explicit Places(Module& module) { add(module); }
  ir::Mutations take() { return std::move(out_); }

 private:
  using Scopes = ir::Scopes<Var>;
  // Of one jaxpr: those within it see nothing of it.
  struct Scope {
    Scopes variables;
    std::map<std::string, Aval> types;
    void add(const Var& v) {
      if (v.dropped()) return;
      variables.add(v);
      types.emplace(v.name, v.aval);
    }
    std::optional<Aval> type(const Atom& atom) const {
      if (atom.is_literal()) return atom.aval;
      const auto found = types.find(atom.text);
      return found == types.end() ? std::nullopt : std::optional(found->second);
    }
  };
  using Shared = std::shared_ptr<Scope>;

  void add(Module& module) {
    std::map<std::string, Role> roles;
    for (const SharedJaxpr& s : module.shared) find_roles(s.jaxpr, roles);
    find_roles(module.main, roles);
    for (SharedJaxpr& s : module.shared) {
      const auto role = roles.find(s.name);
      if (role != roles.end()) jaxpr(s.jaxpr, role->second);
    }
    jaxpr(module.main, Role::kRun);
  }

  // What shared jaxprs are for: if for several things, the one that leaves least.
  void find_roles(const Jaxpr& j, std::map<std::string, Role>& roles) {
    for (const Equation& e : j.equations)
      for (const Param& p : e.params) find_roles(e, p.key, p.value, roles);
  }
  void find_roles(const Equation& e, std::string_view key, const ParamValue& v,
                  std::map<std::string, Role>& roles) {
    if (v.kind == Kind::kReference) {
      const Role role = role_of(e, key);
      const auto [known, added] = roles.emplace(v.text, role);
      // Where it is run somewhere, what is not run elsewhere does not count.
      if (!added && (known->second == Role::kNotRun || role == Role::kReduces))
        known->second = role;
    }
    for (const ParamValue& item : v.items)
      find_roles(e, v.kind == Kind::kKeyword ? std::string_view(v.text) : key, item, roles);
    if (v.kind == Kind::kJaxpr) find_roles(v.nested.front().main, roles);
  }

  void put(MutationKind kind, const std::string& operation, std::function<bool(Random&)> make) {
    out_.push_back({kind, operation, std::move(make)});
  }

  void jaxpr(Jaxpr& j, Role role) {
    if (role == Role::kNotRun) return;
    const auto scope = std::make_shared<Scope>();
    for (const auto* vars : {&j.constvars, &j.invars})
      for (const Var& v : *vars) scope->add(v);
    const bool one = j.equations.size() == 1;
    for (Equation& e : j.equations) {
      if (e.form == Equation::Form::kPlain) {
        if (role == Role::kRun) equation(e, scope);
        if (role == Role::kReduces && one) operation(e, scope, true);
      }
      for (const Var& v : e.results) scope->add(v);
    }
    if (role != Role::kRun) return;
    for (Atom& atom : j.results) {
      if (atom.is_literal()) continue;
      const Scopes::Place here = scope->variables.here();
      put(MutationKind::kResult, "in", [this_atom = &atom, scope, here](Random& random) {
        return other_variable(*this_atom, *scope, here, random);
      });
    }
  }

  static bool other_variable(Atom& atom, const Scope& scope, Scopes::Place here, Random& random) {
    const auto type = scope.type(atom);
    if (!type || type->is_ref || !atom.transforms.empty()) return false;
    const auto others = scope.variables.seen(
        here, [&](const Var& v) { return v.aval == *type && v.name != atom.text; });
    if (others.empty()) return false;
    atom.text = random.pick(others).name;
    return true;
  }

  static bool exchange(Equation& e, std::size_t i, const Scope& scope, Random& random) {
    const auto type = scope.type(e.operands[i]);
    if (!type || type->is_ref) return false;
    std::vector<std::size_t> others;
    for (std::size_t k = i + 1; k < e.operands.size(); ++k)
      if (scope.type(e.operands[k]) == type && e.operands[k].text != e.operands[i].text)
        others.push_back(k);
    if (others.empty()) return false;
    std::swap(e.operands[i], e.operands[random.pick(others)]);
    return true;
  }

  void equation(Equation& e, const Shared& scope) {
    const Scopes::Place here = scope->variables.here();
    const bool ordered =
        !ir::commutes(kLanguage, e.primitive) && e.primitive != "eq" && e.primitive != "ne";
    for (std::size_t i = 0; i < e.operands.size(); ++i) {
      if (i + 1 < e.operands.size() && ordered)
        put(MutationKind::kOperand, e.primitive,
            [&e, i, scope](Random& random) { return exchange(e, i, *scope, random); });
      Atom& atom = e.operands[i];
      if (!atom.is_literal()) {
        put(MutationKind::kOperand, e.primitive, [&atom, scope, here](Random& random) {
          return other_variable(atom, *scope, here, random);
        });
      } else if (const auto dtype = dtype_of(atom.aval)) {
        put(MutationKind::kConstant, e.primitive, [&atom, dtype](Random& random) {
          const auto other = other_literal(atom.text, *dtype, random);
          if (other) atom.text = *other;
          return other.has_value();
        });
      }
    }
    operation(e, scope, false);
    parameters(e);
  }

  void operation(Equation& e, const Shared& scope, bool reduces) {
    for (const std::string_view group : kAlike) {
      std::vector<std::string_view> names;
      each_word(group, [&](std::string_view name) { names.push_back(name); });
      if (std::erase(names, e.primitive) == 0) continue;
      if (reduces) return;
      put(MutationKind::kOperation, e.primitive, [&e, names](Random& random) {
        rename(e, std::string(random.pick(names)));
        return true;
      });
      return;
    }
    if (!e.params.empty() || e.results.size() != 1) return;
    std::vector<DType> types;
    for (const Atom& atom : e.operands)
      if (const auto dtype = dtype_of(scope->type(atom))) types.push_back(*dtype);
    const auto result = dtype_of(e.results[0].aval);
    if (types.size() != e.operands.size() || types.empty() || !result) return;
    put(MutationKind::kOperation, e.primitive, [&e, types, result, reduces](Random& random) {
      const auto other =
          ir::other_operation(kLanguage, e.primitive, types, *result, reduces, random);
      if (other) e.primitive = *other;
      return other.has_value();
    });
  }

  static void rename(Equation& e, std::string name) {
    const std::string_view sum = "reduce_sum", own = "out_sharding";
    if (e.primitive == sum) std::erase_if(e.params, [&](const Param& p) { return p.key == own; });
    if (name == sum)
      e.params.push_back(
          {std::string(own), {.kind = Kind::kNone, .text = "None", .items = {}, .nested = {}}});
    e.primitive = std::move(name);
  }

  void parameters(Equation& e) {
    if (e.primitive == "slice")
      put(MutationKind::kAttribute, e.primitive,
          [&e](Random& random) { return move_slice(e, random); });
    for (Param& p : e.params) {
      inner(e, p.key, p.value);
      if (p.value.kind == Kind::kJaxprTuple) branches(e, p.value);
      if (is_word_of(kKept, p.key) || p.value.kind == Kind::kReference ||
          p.value.kind == Kind::kRaw)
        continue;
      const Parts parts(p.value);
      if (parts.numbers.empty() && parts.words.empty()) continue;
      put(MutationKind::kAttribute, e.primitive,
          [&value = p.value](Random& random) { return change_parameter(value, random); });
    }
  }

  void branches(Equation& e, ParamValue& value) {
    for (std::size_t i = 0; i + 1 < value.items.size(); ++i)
      put(MutationKind::kAttribute, e.primitive, [&value, i](Random&) {
        std::swap(value.items[i], value.items[i + 1]);
        return true;
      });
  }

  void inner(Equation& e, std::string_view key, ParamValue& value) {
    for (ParamValue& item : value.items)
      inner(e, value.kind == Kind::kKeyword ? std::string_view(value.text) : key, item);
    if (value.nested.empty() || role_of(e, key) == Role::kNotRun) return;
    if (value.kind == Kind::kModule)
      add(value.nested.front());
    else
      jaxpr(value.nested.front().main, role_of(e, key));
  }

  ir::Mutations out_;
};

}  // namespace

ir::Mutations mutations(Module& module) { return Places(module).take(); }

}  // namespace jaxsmith::jaxpr
