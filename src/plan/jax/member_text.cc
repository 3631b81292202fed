#include "plan/jax/member_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace jaxsmith::plan {
namespace {

using Words = std::vector<std::string>;
using enum Quantity;

bool usable(const std::string& word) {
  return word.size() > 1 && std::ranges::all_of(word, [](char c) {
           return c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
         });
}

// Names that fit in a line, and some that always do.
Words short_ones(const Words& names, const Words& always) {
  constexpr std::size_t kLongest = 30;
  Words out;
  std::ranges::copy_if(names, std::back_inserter(out),
                       [](const std::string& name) { return name.size() <= kLongest; });
  out.insert(out.end(), always.begin(), always.end());
  return out;
}

}  // namespace

std::string by(const Subject& subject) {
  const std::vector<std::int64_t>& numbers = subject.numbers;
  std::string out;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) out += i + 1 == numbers.size() ? " and " : ", ";
    out += fmt::format("`${}`", numbers[i]);
  }
  return out;
}

std::string said_of(const Subject& subject, const Objective& objective) {
  const std::string& about = objective.about;
  if (!about.empty()) return (about.starts_with("half") ? "" : "the ") + about;
  return subject.quantity == kLoss ? "the loss `$f`" : "`$f`";
}

std::string result_of(const Subject& subject) {
  return usable(subject.word) ? "the " + as_words(subject.word) : "the result";
}

std::vector<std::string> with_argument(const Subject& subject, const Words& beginnings) {
  Words out;
  if (subject.words.size() == 1 && usable(subject.words[0]))
    for (const std::string& each : beginnings) out.push_back(each + subject.words[0]);
  return out;
}

void introduce_gradient(Wrapper& w, const Subject& s, const Objective& f, bool with_value) {
  const std::string of = by(s);
  if (s.is_array()) {
    const std::string what = said_of(s, f);
    const std::string against =
        f.target == kNoValue ? "" : fmt::format(" against `${}`", w.inner().parameters.size());
    if (with_value)
      w.introduce(w.entry(),
                  {"loss_and_grads", "value_and_grads", "fit_loss_and_grads", "loss_and_gradient"},
                  {"Fit `$f`: " + what + against + " and its gradient in " + of + ".",
                   "Loss and gradient for fitting " + of + ": " + what + against + ".",
                   "Loss and gradient for fitting " + of + "."});
    else
      w.introduce(w.entry(), {"grads", "loss_grads", "loss_gradient", "fit_gradient"},
                  {"Gradient in " + of + " of " + what + against + ".",
                   "Gradient for fitting " + of + ": " + what + against + ".",
                   "Gradient for fitting " + of + "."});
    return;
  }
  const std::string result = result_of(s);
  switch (s.quantity) {
    case kLoss:
      if (with_value)
        w.introduce(
            w.entry(),
            short_ones({"$f_and_grad", "$f_with_gradient"},
                       {"loss_and_grads", "loss_and_gradient"}),
            {"The loss `$f` and its gradient in " + of + ".", "Loss and gradient in " + of + "."});
      else
        w.introduce(w.entry(), {"grad_of_$f", "loss_gradient", "$f_grad"},
                    {"Gradient of the loss `$f` in " + of + ".",
                     "How the loss `$f` changes with " + of + "."});
      return;
    case kLogDensity:
      w.introduce(w.entry(),
                  with_value ? Words{"$f_and_score", "log_density_and_score"}
                             : Words{"score", "score_of_$f"},
                  with_value ? Words{"`$f` and its score, the gradient in " + of + "."}
                             : Words{"Score of `$f`: its gradient in " + of + "."});
      return;
    case kPrice:
      w.introduce(w.entry(), short_ones({"$f_greeks", "price_and_greeks"}, {"greeks"}),
                  {"Price and its sensitivities to " + of + ".",
                   "`$f` and its first-order Greeks in " + of + "."});
      return;
    case kEnergy:
      w.introduce(w.entry(),
                  with_value ? Words{"energy_and_grad", "$f_and_gradient"}
                             : Words{"energy_gradient", "grad_of_$f"},
                  with_value ? Words{"`$f` and its gradient in " + of + "."}
                             : Words{"Gradient of the energy `$f` in " + of + "."});
      return;
    default: {
      Words names = with_argument(s, {"sensitivity_to_", "slope_in_"});
      names.push_back("$f_sensitivity");
      if (usable(s.word) && s.word.size() < 18) names.push_back(s.word + "_and_slope");
      w.introduce(w.entry(), short_ones(names, {"sensitivity"}),
                  {"`$f` and its sensitivity to " + of + ".",
                   "How " + (usable(s.word) ? result : "`$f`") + " changes with " + of +
                       ", beside its value."});
    }
  }
}

void introduce_step(Wrapper& w, const Subject& s, const Objective& f, bool up) {
  const std::string of = by(s), what = said_of(s, f);
  if (s.is_array() || s.quantity == kLoss || s.quantity == kResidual) {
    w.introduce(w.entry(), {"fit_step", "train_step", "sgd_step", "gradient_step", "update"},
                {"One gradient step of " + of + " on " + what + "; gives the loss before it too.",
                 "Move " + of + " down the gradient of " + what + ".",
                 "One gradient step of " + of + ", and the loss before it."});
    return;
  }
  if (up) {
    w.introduce(w.entry(), {"ascent_step", "gradient_ascent", "climb", "improve"},
                {"One step of gradient ascent in " + of + " on `$f`.",
                 "Move " + of + " up the gradient of `$f`."});
    return;
  }
  w.introduce(w.entry(), {"relaxation_step", "steepest_descent", "minimize_step"},
              {"One step of steepest descent in " + of + " on `$f`.",
               "Relax " + of + " down the gradient of `$f`."});
}

}  // namespace jaxsmith::plan
