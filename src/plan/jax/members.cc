// The member of a family that differentiates the root's function.
#include <algorithm>
#include <string_view>

#include "plan/jax/catalogue.h"
#include "plan/jax/member_forms.h"
#include "plan/planner.h"

namespace jaxsmith::plan {
namespace {

struct Size {
  std::size_t nodes = 0, derivatives = 0;
};

// Entries of other categories take derivatives too: those of each example, say.
bool derives(std::string_view spelling) {
  return std::ranges::any_of(
      std::vector<std::string_view>{"jax.grad(", "jax.value_and_grad(", "jax.jac", "jax.hessian(",
                                    "jax.jvp(", "jax.vjp("},
      [&](std::string_view call) { return spelling.find(call) != std::string_view::npos; });
}

Size size_of(const Program& program) {
  Size out;
  for (const Body& body : program.bodies) {
    out.nodes += body.nodes.size();
    for (const Node& node : body.nodes)
      out.derivatives +=
          program.catalogue->named(node.op).category == kGradient || derives(node.spelling);
  }
  return out;
}

// Whether it is a study of another function, a table apart: that is what is asked for already.
bool has_answered(const Program& root) {
  return std::ranges::any_of(
      root.bodies[static_cast<std::size_t>(root.root)].nodes, [&](const Node& node) {
        const Op* op = root.catalogue->find(node.op);
        return op != nullptr && op->has(kStudy) && op->category != kVectorization;
      });
}

// Whether what it is for is the setting that featured operations are put into.
bool is_set(const Program& root) {
  return std::ranges::any_of(root.bodies[static_cast<std::size_t>(root.root)].nodes,
                             [&](const Node& node) {
                               const Op* op = root.catalogue->find(node.op);
                               return op != nullptr && op->has(kSetting);
                             });
}

// Whether what is differentiated shows every argument: alone, or with what comes along.
bool shows_all(const Program& root, const Subject& subject) {
  const Body& body = root.bodies[static_cast<std::size_t>(root.root)];
  const auto sure = [&](std::size_t k) {
    return root.values[static_cast<std::size_t>(body.results[k])].sure;
  };
  std::uint32_t bits = sure(subject.result);
  for (const std::size_t k : subject.rest) bits |= sure(k);
  return bits == (1u << body.parameters.size()) - 1;
}

}  // namespace

const std::vector<DerivativeForm>& derivative_forms() {
  static const std::vector<DerivativeForm> kForms = [] {
    std::vector<DerivativeForm> out = gradient_forms();
    const std::vector<DerivativeForm> more = response_forms();
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }();
  return kForms;
}

std::optional<Member> gradient_member(const Program& root, const Settings& settings,
                                      Random random) {
  if (!reverse_differentiable(root) || root.devices > 1) return std::nullopt;
  // A derivative is several times its function.
  const Size size = size_of(root);
  if (size.nodes > profile_of(settings.size).most_differentiated) return std::nullopt;
  std::optional<Subject> subject = draw_subject(root, random);
  if (subject)
    subject->may_have_labels =
        std::ranges::find(settings.dtypes, DType::kI32) != settings.dtypes.end();
  constexpr std::size_t kMostRest = 1;  // ((value, (aux, aux)), grads) is deeper than people write
  if (!subject || subject->rest.size() > kMostRest || !shows_all(root, *subject))
    return std::nullopt;
  if (has_answered(root)) return std::nullopt;
  // A derivative of derivatives is many times its function, and seldom wanted: of a penalty on one.
  const bool penalizes = subject->quantity == Quantity::kLoss && subject->rest.empty();
  if (size.derivatives > 0 && (!penalizes || size.nodes > 9)) return std::nullopt;
  // People differentiate what has a use of its own, rather than a setting or a nameless number.
  constexpr double kOfSettings = 0.9, kNameless = 0.3;
  const bool named = subject->quantity != Quantity::kUnnamed;
  if (!random.chance(!named ? kNameless : is_set(root) ? kOfSettings : 1)) return std::nullopt;
  std::vector<double> weights;
  for (const DerivativeForm& form : derivative_forms())
    weights.push_back(form.weight(root, *subject));
  if (std::ranges::none_of(weights, [](double each) { return each > 0; })) return std::nullopt;
  return derivative_forms()[random.weighted(weights)].make(root, *subject, random);
}

}  // namespace jaxsmith::plan
