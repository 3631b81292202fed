// Puts functions that jaxsmith did not write to the checks that it puts its own to.
//
//   Verifier verifier(backend::extracting(), installation);
//   JAXSMITH_TRY(samples, verifier.verify(std::move(records), cancel));
//
// Nothing is refused: a row says which checks it passed. The official parsers read the texts, and
// the StableHLO text is run in a supervised worker, twice, with arguments replaced and nudged: on
// the inputs of the recorded case, or on inputs made up for the arguments' types where there is
// none. What it gave then is the row's case.
#pragma once

#include <atomic>
#include <vector>

#include "backend/backend.h"
#include "base/status.h"
#include "check/sample.h"
#include "extract/record.h"
#include "trace/installation.h"
#include "trace/tracer.h"

namespace jaxsmith::extract {

class Verifier {
 public:
  Verifier(const backend::Backend& backend, const trace::Installation& installation);

  // One sample a record, in order.
  Result<std::vector<check::Sample>> verify(std::vector<Record> records,
                                            const std::atomic<bool>& cancel);

 private:
  trace::Tracer tracer_;
  const level::Level structure_level_;
  std::uint64_t chunk_ = 0, next_ = 0;
};

}  // namespace jaxsmith::extract
