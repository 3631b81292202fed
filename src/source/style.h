// How a family's functions are written, where several ways are as good.
#pragma once

#include "base/random.h"
#include "source/docstrings.h"

namespace jaxsmith::source {

struct Style {
  int nesting = 2;  // how deep calls may nest in one expression
  double inline_chance = 0.8;
  double lambda_chance = 0.4;
  bool annotations = false;
  double docstring_chance = 0.25;
  double summary_chance = 0.4;          // of a docstring where the function has a purpose
  double comment_chance = 0;            // of a comment that a step's entry has
  double remark_chance = 0;             // of one that its form gives rise to
  double trailing_chance = 0.3;         // of a short one: behind the step
  bool shape_comments = false;          // behind steps
  bool argument_shapes = false;         // behind parameters
  bool short_names = false;             // letters where people write letters: w rather than weights
  Sections sections = Sections::kNone;  // of the entry's docstring
  bool long_names = false;              // jax.lax.scan rather than lax.scan
  bool keyword_only = false;            // settings with defaults
  bool annotated_packs = false;         // parameters that are of a class of the module
  bool field_shapes = false;            // as comments behind a class's fields
  bool named_results = false;           // a class rather than a dict

  static Style draw(Random random);
};

}  // namespace jaxsmith::source
