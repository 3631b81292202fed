#include "jaxsmith/generate.h"

#include "api/grades.h"
#include "generate/generate.h"
#include "score/score.h"

namespace jaxsmith {
namespace {

class ProgressObserver : public generate::Observer {
 public:
  explicit ProgressObserver(const GenerateProgress& progress) : progress_(progress) {}
  void progress(const generate::Figures& figures) override {
    if (progress_) progress_(figures.rows);
  }

 private:
  const GenerateProgress& progress_;
};

}  // namespace

Result<GeneratedDataset> generate_dataset(const GenerateArguments& arguments,
                                          const Toolchain& toolchain,
                                          const GenerateProgress& progress,
                                          const std::atomic<bool>* cancel) {
  generate::GenerateOptions options;
  for (const auto& [name, values] : arguments)
    JAXSMITH_CHECK(generate::set_option(options, name, values));
  JAXSMITH_CHECK(generate::check_options(options));
  const trace::Installation where{toolchain.python, toolchain.python_path, JAXSMITH_VERSION,
                                  toolchain.allocator};
  ProgressObserver observer(progress);
  const std::atomic<bool> never = false;
  JAXSMITH_TRY(summary,
               generate::generate(std::move(options), where, observer, cancel ? *cancel : never));
  return GeneratedDataset{summary.figures.rows, summary.figures.rejects,
                          summary.complete || summary.was_complete};
}

Result<std::vector<GradedPrediction>> grade_predictions(const std::string& predictions,
                                                        const std::string& dataset,
                                                        const GradingOptions& options,
                                                        unsigned workers) {
  JAXSMITH_TRY(read, score::read_predictions(predictions));
  JAXSMITH_TRY(rows, store::DatasetReader::open(dataset));
  JAXSMITH_TRY(
      graded, score::score(std::move(read), std::move(rows), api::score_options(options), workers));
  std::vector<GradedPrediction> out;
  for (const score::Graded& g : graded)
    out.push_back({g.prediction.id, std::string(level::name_of(g.prediction.level)),
                   g.prediction.sample, api::grade_of(g.verdict)});
  return out;
}

}  // namespace jaxsmith
