/// \file
/// A file that is to be labelled, read once without keeping its texts, then judged, or calibrated by.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/pipeline/noise/judged_pairs.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/pipeline/teacher_folder/learned_pairs.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/programs/labelling/judged_file.hpp>
#include <preflearn/programs/labelling/label_decisions.hpp>
#include <preflearn/programs/labelling/label_lines.hpp>
#include <preflearn/programs/labelling/label_options.hpp>
#include <preflearn/programs/labelling/label_record.hpp>
#include <preflearn/report/run/file_hash.hpp>

namespace preflearn {

namespace detail {

/// A file's records without their texts.
struct surveyed_file {
    std::vector<record_facts> records{};
    std::vector<std::pair<std::size_t, std::string>> malformed{}; ///< line, and what is wrong
    pair_names names{};
};

inline surveyed_file survey(const std::filesystem::path& data, const preference_options& reading) {
    surveyed_file found;
    label_reader reader(data, reading);
    while (const auto record = reader.next()) found.records.push_back(facts_of(*record));
    for (const left_out_pair& line : reader.skipped().pairs())
        found.malformed.emplace_back(line.name.line, line.message);
    found.names = reader.names();
    require<input_error>(!found.records.empty(), data.string(), ": holds no pairs");
    return found;
}

/// One record after the other of a file that was read once already.
inline auto records_of(const std::filesystem::path& data, const preference_options& reading) {
    return [reader = std::make_shared<label_reader>(data, reading), data]() -> label_record {
        auto record = reader->next();
        require<input_error>(record.has_value(), data.string(), ": has become shorter while it was read");
        return *std::move(record);
    };
}

/// Judges a file, or a part of it, with errors that call pairs what the file calls them.
inline std::vector<judgement> judge_records(const text_teacher& teacher, const surveyed_file& file,
                                            const std::filesystem::path& data, const preference_options& reading,
                                            std::size_t begin, std::size_t end, const label_options& options,
                                            const judged_part& to, const work_progress& seen) {
    return with_names(
        file.names, [&] { return judge_file(teacher, records_of(data, reading), begin, end, options.seed, to, seen); });
}

/// A file of labelled pairs to calibrate by, judged; empty where there is none.
struct judged_calibration {
    surveyed_file file{};
    std::vector<judgement> said{};
};

inline judged_calibration judge_calibration(const text_teacher& teacher, const label_options& options,
                                            const preference_options& reading, const judged_part& to,
                                            const work_progress& seen) {
    judged_calibration made;
    if (options.calibrate.empty()) return made;
    made.file = survey(options.calibrate, reading);
    made.said =
        judge_records(teacher, made.file, options.calibrate, reading, 0, made.file.records.size(), options, to, seen);
    return made;
}

/// A labelled pair that the teacher judged; nothing where there is no verdict of one of them.
/// \param outcome P(first shown ≻ second) by people
inline std::optional<judged_pair> judged_pair_of(const judgement& said, const record_facts& record,
                                                 std::span<const std::size_t> order, double outcome) {
    if (said.unfit || (said.verdict && said.verdict->abstained())) return std::nullopt;
    std::optional<double> margin = said.margin();
    if (!margin && said.verdict) // certain
        margin = said.verdict->half_win() > 0.5 ? std::numeric_limits<double>::infinity()
                                                : -std::numeric_limits<double>::infinity();
    if (!margin || std::isnan(*margin)) return std::nullopt;
    const double truth = outcome > 0.5 ? 1 : outcome < 0.5 ? -1 : 0, own = *margin > 0 ? 1 : *margin < 0 ? -1 : 0;
    const double longer = record.lengths.size() != 2 ? 0
                                                     : static_cast<double>(record.lengths[order[0]]) -
                                                           static_cast<double>(record.lengths[order[1]]);
    return judged_pair{*margin, (1 + truth * own) / 2, record.prompt, own * longer};
}

/// The teacher's probabilities: calibrated by labelled pairs that it did not learn from, or as its folder says. Where
/// it learned from all of them it is calibrated by these, and no noise rate is told by them.
/// \throws input_error where no pair is labelled, none has a margin, and where no temperature fits, saying why.
inline label_calibration label_calibration_of(const judged_calibration& by, const teacher_description& told,
                                              const label_options& options, const learned_pairs& learned = {}) {
    if (options.calibrate.empty()) return {.temperature = told.temperature, .calibrated = told.calibrated};
    const bool whole = !learned.files.empty() && learned.files.contains(hash_text(hash_file(options.calibrate).hash));
    struct sides {
        std::vector<double> margins{}, outcomes{};
        std::vector<judged_pair> pairs{};
    } others, known;
    for (std::size_t i = 0; i < by.said.size(); ++i) {
        const record_facts& record = by.file.records[i];
        if (!record.human || record.human->abstained() || record.identical || record.responses != 2) continue;
        const std::vector<std::size_t> order = shown_order(options.seed, record.id, 2);
        const double outcome = human_of_chosen(record.human, order.front()).value_or(0.5);
        const auto pair = judged_pair_of(by.said[i], record, order, outcome);
        if (!pair) continue;
        sides& side = whole || learned.has(record.content) ? known : others;
        side.pairs.push_back(*pair);
        if (!std::isfinite(pair->margin)) continue;
        side.margins.push_back(pair->margin);
        side.outcomes.push_back(outcome);
    }
    const sides& taken = others.pairs.empty() ? known : others;
    const std::string file = options.calibrate.string();
    require<input_error>(!taken.pairs.empty(), file, ": holds no labelled pair that the teacher judges");
    require<input_error>(
        !taken.margins.empty(), file, ": the teacher judges ", taken.pairs.size(),
        " of its labelled pairs and is certain of each (probabilities of 0 and 1 have no margin), so that there is "
        "nothing to calibrate");
    label_calibration made;
    try {
        made = calibrate_by(taken.margins, taken.outcomes, options.calibration);
    } catch (const argument_error& failure) { // of these pairs
        throw input_error(message(file, ": ", failure.what()));
    }
    made.learned_from = known.pairs.size();
    made.by_learned = others.pairs.empty();
    if (!made.by_learned) made.pairs = std::move(others.pairs);
    return made;
}

} // namespace detail

} // namespace preflearn
