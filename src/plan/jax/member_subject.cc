#include "plan/jax/member_subject.h"

#include <algorithm>

#include "plan/planner.h"
#include "plan/telling.h"

namespace jaxsmith::plan {
namespace {

const Value& value(const Program& program, ValueId id) {
  return program.values[static_cast<std::size_t>(id)];
}

std::string called(const Body& body) { return body.names.empty() ? "" : body.names.front(); }

// Optimisers are told gradients; nobody differentiates through their steps.
bool takes_gradients(const Program& root, const Body& body) {
  return std::ranges::any_of(body.parameters, [&](ValueId id) {
    const std::string word = word_of(value(root, id));
    return word.starts_with("grad") || word.ends_with("grads") || word == "learning_rate";
  });
}

// These, and with one that is of a pack the others of it where these are candidates too.
std::vector<std::int64_t> with_packs(const std::vector<Pack>& packs,
                                     std::vector<std::int64_t> numbers,
                                     const std::vector<std::int64_t>& candidates) {
  for (const Pack& pack : packs) {
    const auto is_of = [&](std::int64_t n) {
      return std::ranges::find(pack.members, static_cast<std::size_t>(n)) != pack.members.end();
    };
    const auto complete = static_cast<std::ptrdiff_t>(pack.members.size());
    if (std::ranges::none_of(numbers, is_of)) continue;
    if (std::ranges::count_if(candidates, is_of) != complete) continue;
    for (const std::size_t member : pack.members)
      if (std::ranges::find(numbers, static_cast<std::int64_t>(member)) == numbers.end())
        numbers.push_back(static_cast<std::int64_t>(member));
  }
  std::ranges::sort(numbers);
  return numbers;
}

// Arguments that the result answers, of each role.
std::vector<std::int64_t> answering(const Program& root, const Body& body, const Value& result,
                                    Role role) {
  std::vector<std::int64_t> out;
  for (std::size_t i = 0; i < body.parameters.size(); ++i) {
    const Value& p = value(root, body.parameters[i]);
    if (tensor::is_real(p.type.dtype) && (result.grad_arguments >> i & 1u) && role_of(p) == role)
      out.push_back(static_cast<std::int64_t>(i));
  }
  return out;
}

// A variable is not called as a function is.
std::vector<std::string> names_of_value(Quantity quantity, const Value& result,
                                        const std::string& function) {
  if (quantity == Quantity::kLoss) return {"loss", "loss_value"};
  if (quantity == Quantity::kEnergy) return {"energy"};
  if (quantity == Quantity::kLogDensity) return {"logp", "log_density"};
  if (quantity == Quantity::kPrice) return {"price"};
  if (!result.names.empty() && result.names.front() != function) return {result.names.front()};
  if (function.empty() && !result.hint.empty()) return {result.hint};
  const std::size_t last = function.rfind('_');
  if (last != std::string::npos && last + 2 < function.size()) return {function.substr(last + 1)};
  return {"value"};
}

// The result that a derivative is most likely wanted of.
int worth(Quantity quantity) {
  switch (quantity) {
    case Quantity::kLoss:
    case Quantity::kEnergy:
    case Quantity::kLogDensity:
    case Quantity::kPrice:
      return 4;
    case Quantity::kResidual:
    case Quantity::kUtility:
    case Quantity::kLogits:
      return 3;
    case Quantity::kPrediction:
    case Quantity::kNumber:
      return 2;
    case Quantity::kUnnamed:
      return 1;
    default:
      return 0;
  }
}

// Of a loss or a prediction what is learnt comes first, of an energy and a density where they are
// taken.
std::vector<Role> roles_in_turn(Quantity quantity) {
  switch (quantity) {
    case Quantity::kEnergy:
      return {Role::kState, Role::kParameter};
    case Quantity::kLogits:
    case Quantity::kUtility:
      return {Role::kParameter};
    case Quantity::kUnnamed:
      return {Role::kUnknown};
    default:
      return {Role::kParameter, Role::kState};
  }
}

// Of many that are learnt all go together; of numbers mostly one is looked at.
std::vector<std::int64_t> some_of(const Program& root, const Body& body,
                                  const std::vector<std::int64_t>& candidates, Role role,
                                  Random& random) {
  const auto is_scalar = [&](std::int64_t n) {
    return value(root, body.parameters[static_cast<std::size_t>(n)]).type.rank() == 0;
  };
  constexpr std::size_t kMost = 4;
  const bool numbers = std::ranges::all_of(candidates, is_scalar);
  const double all = role != Role::kParameter ? 0.15 : numbers ? 0.35 : 0.6;
  const bool takes_all = candidates.size() <= kMost && random.chance(all);
  if (takes_all) return candidates;
  const std::int64_t first = random.pick(candidates);
  return role == Role::kParameter ? with_packs(root.packs, {first}, candidates)
                                  : std::vector<std::int64_t>{first};
}

}  // namespace

std::optional<Subject> draw_subject(const Program& root, Random& random) {
  const Body& body = root.bodies[static_cast<std::size_t>(root.root)];
  if (takes_gradients(root, body)) return std::nullopt;
  const bool alone = body.results.size() == 1;
  std::optional<Subject> best;
  std::vector<std::int64_t> candidates;
  for (std::size_t k = 0; k < body.results.size(); ++k) {
    const Value& v = value(root, body.results[k]);
    if (!tensor::is_real(v.type.dtype) || v.weak) continue;
    const Quantity quantity = quantity_of(v, alone ? called(body) : "");
    if (worth(quantity) == 0 || (best && worth(quantity) <= worth(best->quantity))) continue;
    for (const Role role : roles_in_turn(quantity)) {
      auto found = answering(root, body, v, role);
      if (found.empty()) continue;
      candidates = std::move(found);
      best.emplace();
      best->result = k, best->quantity = quantity, best->role = role;
      best->word = v.names.empty() && alone ? called(body) : word_of(v);
      best->values = names_of_value(quantity, v, alone ? called(body) : "");
      break;
    }
  }
  if (!best) return std::nullopt;
  best->numbers = some_of(root, body, candidates, best->role, random);
  for (const std::int64_t n : best->numbers) {
    const ValueId id = body.parameters[static_cast<std::size_t>(n)];
    best->words.push_back(word_of(value(root, id)));
    best->thin = best->thin || has_thin_gradient(root, id);
  }
  for (std::size_t k = 0; k < body.results.size(); ++k)
    if (k != best->result) best->rest.push_back(k);
  best->complete = best->numbers.size() == body.parameters.size();
  return best;
}

}  // namespace jaxsmith::plan
