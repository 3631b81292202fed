// Between the grades of the public headers and those inside.
#pragma once

#include "jaxsmith/score.h"
#include "score/grade.h"

namespace jaxsmith::api {

Grade grade_of(const score::Verdict& verdict);
score::ScoreOptions score_options(const GradingOptions& options);

}  // namespace jaxsmith::api
