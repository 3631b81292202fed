// Parts of JAX's vocabulary (plan/catalogue.h), one a file: vocabulary_<part>.cc.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plan/calls.h"
#include "plan/reasons.h"
#include "plan/setting_words.h"

namespace jaxsmith::plan {

Calls known_calls();
ControlForms control_forms();
ByCall<CallReason> call_reasons();
std::vector<ArgumentReason> argument_reasons();
SettingTables setting_tables();
ByCall<std::vector<std::string>> names_of_made();
std::map<std::string, std::vector<std::string>, std::less<>> names_by_hint();

}  // namespace jaxsmith::plan
