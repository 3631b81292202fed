#include "generate/like.h"

#include <fmt/format.h>

#include "backend/backend.h"
#include "base/threads.h"
#include "calibrate/profile.h"

namespace jaxsmith::generate {

Result<std::optional<Likeness>> fit_to_dataset(GenerateOptions& options) {
  if (options.like.empty()) return std::optional<Likeness>();
  const unsigned workers =
      options.workers > 0 ? static_cast<unsigned>(options.workers) : usual_threads();
  auto profile = calibrate::profile_of(options.like, workers);
  if (!profile.ok()) {
    Error error = profile.error();
    error.message = fmt::format("--like: {}", error.message);
    return error;
  }
  const backend::Backend& backend = *backend::backend_named(options.backend);
  JAXSMITH_TRY(fitted,
               calibrate::fit(plan_options(options), backend.brought(), profile.value(), workers));
  options.weights = std::make_shared<plan::Weights>(std::move(fitted.weights));
  options.fitted_to = profile.value().digest();
  return std::optional(Likeness{profile.value().functions, fitted.before, fitted.after});
}

}  // namespace jaxsmith::generate
