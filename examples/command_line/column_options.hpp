// Which columns of a file hold what: options of the programs that read records.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/data/records/reading/record_columns.hpp>

#include "command_line.hpp"

inline void add_columns(command_line& line, preflearn::record_columns& columns) {
    line.add("--id-field", columns.id, "the column of ids").shows_default();
    line.add("--prompt-field", columns.prompt, "of prompts, if not prompt, instruction or question");
    line.add("--system-field", columns.system, "of system texts, which become the first turn of the prompt");
    line.add("--chosen-field", columns.chosen, "of chosen responses, if not chosen");
    line.add("--rejected-field", columns.rejected, "of rejected responses, if not rejected");
    line.add("--first-field", columns.first, "of the first of two responses, neither of which is called chosen");
    line.add("--second-field", columns.second, "of the second");
    line.add("--responses-field", columns.responses, "of lists of responses");
    line.add("--response-field", columns.response, "in each response that is an object: its text (a.b: member b of a)");
    line.add("--scores-field", columns.scores, "of lists of scores, one a response");
    line.add("--score-field", columns.score, "in each response, or of a single completion: its score (a.b as above)");
    line.flag("--lower-is-better", columns.lower_is_better, "in the columns of scores that are named: ranks");
    line.add("--completion-field", columns.completion, "of single completions, if not completion");
    line.add("--label-field", columns.label, "of labels, if not label");
    line.add("--margin-field", columns.margin, "of margins, if not margin");
}
