/// \file
/// A file that is to be labelled, read once without keeping its texts, then judged, or calibrated by.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/preferences/record.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/programs/labelling/judged_file.hpp>
#include <preflearn/programs/labelling/label_decisions.hpp>
#include <preflearn/programs/labelling/label_lines.hpp>
#include <preflearn/programs/labelling/label_options.hpp>
#include <preflearn/programs/labelling/label_record.hpp>

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

/// The teacher's probabilities: calibrated by labelled pairs, or as its folder says.
/// \throws input_error where no pair is labelled, and where no temperature fits, saying why.
inline label_calibration label_calibration_of(const judged_calibration& by, const teacher_description& told,
                                              const label_options& options) {
    if (options.calibrate.empty()) return {.temperature = told.temperature, .calibrated = told.calibrated};
    std::vector<double> margins, outcomes;
    std::vector<calibration_pair> pairs;
    for (std::size_t i = 0; i < by.said.size(); ++i) {
        const record_facts& record = by.file.records[i];
        const std::optional<double> margin = by.said[i].unfit ? std::nullopt : by.said[i].margin();
        if (!margin || !std::isfinite(*margin) || !record.human || record.human->abstained() || record.identical)
            continue;
        margins.push_back(*margin);
        outcomes.push_back(
            human_of_chosen(record.human, shown_order(options.seed, record.id, 2).front()).value_or(0.5));
        const double truth = outcomes.back() > 0.5 ? 1 : outcomes.back() < 0.5 ? -1 : 0;
        const double own = *margin > 0 ? 1 : *margin < 0 ? -1 : 0;
        pairs.push_back({*margin, (1 + truth * own) / 2, record.prompt});
    }
    require<input_error>(!margins.empty(), options.calibrate.string(),
                         ": holds no labelled pair that the teacher judges");
    label_calibration made;
    try {
        made = calibrate_by(margins, outcomes, options.calibration);
    } catch (const argument_error& failure) { // of these pairs
        throw input_error(message(options.calibrate.string(), ": ", failure.what()));
    }
    made.pairs = std::move(pairs);
    return made;
}

} // namespace detail

} // namespace preflearn
