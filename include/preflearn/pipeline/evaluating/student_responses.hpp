/// \file
/// What students wrote, from their files: lines of generate ({"id", "prompt", "responses", "finish", "tokens",
/// "model"}), files made elsewhere (a prompt with responses, response, completion or output), and pairs, of which the
/// chosen or the rejected responses are a student's. Files are matched by prompt, whatever form it is written in; lines
/// with equal prompts are one prompt with the responses of all.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/agreement/uncertainty/estimate.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/json_objects.hpp>
#include <preflearn/data/files/parsed_lines.hpp>
#include <preflearn/data/preferences/parse_record.hpp>
#include <preflearn/data/records/preparing/record_keys.hpp>
#include <preflearn/data/records/reading/parse_responses.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/pipeline/evaluating/evaluate_options.hpp>

namespace preflearn {

/// One student's responses to one prompt; the record's scores are the file's.
struct student_responses {
    response_record record{};
    /// As the file says: "stop", "length", …; empty where it does not. One a response.
    std::vector<std::string> finish{};
    /// `undefined` where the file does not say it.
    std::vector<double> tokens{};
    std::size_t line = 0; ///< of the first of them
};

struct evaluated_prompt {
    std::uint64_t id = 0; ///< inside, of the first file's line
    std::string name{};   ///< as the first file calls it
    /// What the column of clusters says, where there is one.
    std::optional<std::string> cluster{};
    std::size_t line = 0;
    /// Whether texts and conversations meet, or conversations only: then all are read as conversations.
    bool conversation = false;
    /// One a student.
    std::vector<student_responses> of{};
};

/// All students on the same prompts, in the first file's order.
struct evaluated_students {
    std::vector<std::string> names{};
    /// "name:hash" of the model, where a file says one for all lines.
    std::vector<std::string> models{};
    std::vector<evaluated_prompt> prompts{};
    /// Of each prompt the number of its group; each its own where none were asked for.
    std::vector<std::size_t> clusters{};
    std::size_t cluster_count = 0;
    /// Sentences for people.
    std::vector<std::string> notes{};

    /// The least number of responses of a student to a prompt.
    [[nodiscard]] std::size_t fewest(std::size_t student) const {
        std::size_t least = prompts.empty() ? 0 : prompts[0].of[student].record.responses.size();
        for (const evaluated_prompt& prompt : prompts)
            least = std::min(least, prompt.of[student].record.responses.size());
        return least;
    }
};

namespace detail {

/// Files made elsewhere call a response by other names.
inline void name_response(nlohmann::json& object) {
    for (const std::string_view known : {"chosen", "rejected", "responses", "completion", "completions", "summaries"})
        if (is_there(object, known)) return;
    constexpr std::array names{std::string_view("response"), std::string_view("output"), std::string_view("generation"),
                               std::string_view("answer")};
    const auto any = [](const nlohmann::json&) { return true; };
    const std::string found(only_one(object, names, "rename one", any));
    if (found.empty()) return;
    const nlohmann::json& value = object.at(found);
    const bool list = value.is_array() && !value.empty() &&
                      std::ranges::all_of(value, [](const nlohmann::json& one) { return one.is_string(); });
    rename_column(object, found, list ? "responses" : "completion");
}

/// Keeps some responses, in that order, and what is known of each.
inline void keep_responses(student_responses& of, std::span<const std::size_t> kept) {
    const auto keep = [&](auto& values) {
        if (values.empty()) return;
        std::remove_cvref_t<decltype(values)> some;
        for (const std::size_t k : kept) some.push_back(values[k]);
        values = std::move(some);
    };
    keep(of.record.responses);
    keep(of.record.scores);
    keep(of.finish);
    keep(of.tokens);
}

/// \throws input_error where the record does not have what is picked.
inline void pick_responses(student_responses& of, response_pick pick) {
    const response_record& record = of.record;
    const bool pair = record.form != record_form::responses && record.responses.size() == 2;
    if (pick == response_pick::chosen || pick == response_pick::rejected) {
        require<input_error>(record.label && !record.label->abstained() && record.responses.size() == 2,
                             "no verdict says which of two responses is the ", name_of(pick), " one");
        const choice better = record.label->decision();
        require<input_error>(better != choice::tie, "its verdict is a tie: none is the ", name_of(pick), " one");
        const bool second = (better == choice::second) == (pick == response_pick::chosen);
        keep_responses(of, std::array{std::size_t{second}});
        return;
    }
    require<input_error>(!pair, "holds a pair; #chosen or #rejected behind the file's name says whose responses count");
    if (pick == response_pick::first) keep_responses(of, std::array{std::size_t{0}});
    if (pick != response_pick::best) return;
    require<input_error>(!record.scores.empty() &&
                             std::ranges::none_of(record.scores, [](double score) { return std::isnan(score); }),
                         "the best of its responses is asked for, and they have no scores");
    const auto best = std::ranges::max_element(record.scores) - record.scores.begin();
    keep_responses(of, std::array{static_cast<std::size_t>(best)});
}

/// What each response ended with, and its number of tokens: a list, or one value for a single response.
inline void read_ends(student_responses& of) {
    const std::size_t count = of.record.responses.size();
    const nlohmann::json& others = of.record.others;
    const auto each = [&](std::string_view name, const auto& take) {
        if (!is_there(others, name)) return;
        const nlohmann::json& value = others.at(name);
        if (value.is_array() && value.size() == count)
            for (const nlohmann::json& one : value) take(one);
        else if (count == 1 && !value.is_array())
            take(value);
    };
    for (const std::string_view name : {"finish", "finish_reason", "finish_reasons"})
        if (of.finish.empty())
            each(name, [&](const nlohmann::json& one) { of.finish.push_back(one.is_string() ? one : ""); });
    each("tokens",
         [&](const nlohmann::json& one) { of.tokens.push_back(one.is_number() ? one.get<double>() : undefined); });
    if (of.finish.empty()) of.finish.resize(count);
    if (of.tokens.empty()) of.tokens.resize(count, undefined);
}

/// One file, by prompt.
struct student_file {
    std::vector<std::uint64_t> order{};
    std::unordered_map<std::uint64_t, student_responses> of{};
    std::unordered_map<std::uint64_t, evaluated_prompt> prompts{}; // id, name and cluster
    std::string model{};
    std::size_t lines = 0;
    bool pairs = true; // all of its lines
};

inline std::optional<std::string> cluster_of(const response_record& record, const std::string& column) {
    const nlohmann::json* const found = column.empty() ? nullptr : field_at(record.others, column);
    if (found == nullptr || found->is_null()) return std::nullopt;
    return found->is_string() ? found->get<std::string>() : found->dump();
}

inline void add_responses(student_file& file, student_responses&& one, const evaluated_prompt& prompt) {
    const std::uint64_t key = prompt_key(one.record);
    const auto [at, is_new] = file.of.try_emplace(key);
    if (is_new) {
        at->second = std::move(one);
        file.order.push_back(key);
        file.prompts.emplace(key, prompt);
        return;
    }
    student_responses& all = at->second;
    if (all.record.is_text() != one.record.is_text() || all.record.prompt != one.record.prompt) {
        all.record = as_conversations(std::move(all.record));
        one.record = as_conversations(std::move(one.record));
    }
    const bool scored = !all.record.scores.empty() && !one.record.scores.empty();
    for (std::size_t k = 0; k < one.record.responses.size(); ++k) {
        all.record.responses.push_back(std::move(one.record.responses[k]));
        all.finish.push_back(std::move(one.finish[k]));
        all.tokens.push_back(one.tokens[k]);
        if (scored) all.record.scores.push_back(one.record.scores[k]);
    }
    if (!scored) all.record.scores.clear();
}

inline student_file read_student(const response_source& source, const std::string& cluster) {
    student_file file;
    json_objects objects(source.path);
    record_options options;
    while (std::optional<nlohmann::json> object = objects.next()) {
        try {
            name_response(*object);
            const bool pair = is_there(*object, "chosen") || is_there(*object, "rejected");
            options.reading.takes_off_prompt = pair; // a response may begin by repeating its prompt
            student_responses one{.record = parse_responses(*std::move(object), options)};
            one.line = objects.place().line;
            check_fields(json_field{&one.record.others, ""});
            if (one.record.scores_are_labels) one.record.scores.clear();
            read_ends(one);
            pick_responses(one, source.pick);
            const auto& others = one.record.others;
            const std::string model =
                is_there(others, "model") && others["model"].is_string() ? others["model"].get<std::string>() : "";
            file.model = file.lines == 0 || file.model == model ? model : "";
            file.pairs =
                file.pairs && one.record.form != record_form::responses && one.record.form != record_form::single;
            const given_id& given = one.record.given;
            const evaluated_prompt prompt{.id = given.inside(objects.index()),
                                          .name = given.form == id_form::text   ? given.text
                                                  : given.form == id_form::none ? message("line ", one.line)
                                                                                : message(given.number),
                                          .cluster = cluster_of(one.record, cluster),
                                          .line = one.line};
            one.record.others.clear();
            add_responses(file, std::move(one), prompt);
            ++file.lines;
        } catch (const error& failure) {
            throw input_error(message(objects.place(), ": ", without_place(failure.what(), objects.place())));
        }
    }
    require<input_error>(file.lines > 0, source.path.string(), ": holds no responses");
    return file;
}

inline std::string shown_prompt(const response_record& record) {
    const std::string text = record.is_text() ? record.prompt.get<std::string>() : record.prompt.dump();
    return message(excerpt{text});
}

/// Numbers prompts by what their column of clusters says.
inline void number_clusters(evaluated_students& students, bool asked) {
    std::unordered_map<std::string_view, std::size_t> numbers;
    for (const evaluated_prompt& prompt : students.prompts)
        students.clusters.push_back(asked ? numbers.try_emplace(*prompt.cluster, numbers.size()).first->second
                                          : students.clusters.size());
    students.cluster_count = asked ? numbers.size() : students.prompts.size();
}

} // namespace detail

/// \throws input_error "file:line: …" for lines that hold no responses, and naming the first prompt that one student
/// has and another one has not; but pairs may have more prompts than the others.
inline evaluated_students read_students(std::span<const response_source> sources, const std::string& cluster = {}) {
    std::vector<detail::student_file> files;
    for (const response_source& source : sources) files.push_back(detail::read_student(source, cluster));
    const auto with_responses =
        std::ranges::find_if(files, [](const detail::student_file& file) { return !file.pairs; });
    const std::size_t base =
        with_responses == files.end() ? 0 : static_cast<std::size_t>(with_responses - files.begin());
    const auto place = [&](std::size_t s) { return sources[s].name + " (" + sources[s].path.string() + ")"; };
    evaluated_students students;
    for (std::size_t s = 0; s < files.size(); ++s) {
        students.names.push_back(sources[s].name);
        students.models.push_back(files[s].model);
        const detail::student_file& file = files[s];
        std::size_t unasked = 0;
        for (const std::uint64_t key : file.order) {
            if (files[base].of.contains(key)) continue;
            ++unasked;
            const student_responses& one = file.of.at(key);
            require<input_error>(file.pairs && !files[base].pairs, sources[s].path.string(), ":", one.line,
                                 ": the prompt ", detail::shown_prompt(one.record), " is not among those of ",
                                 place(base), "; students are compared on the same prompts");
        }
        if (unasked > 0)
            students.notes.push_back(message(place(s), ": ", unasked, " of its ", file.order.size(),
                                             " prompts are not evaluated: the others have no responses to them"));
        if (file.lines > file.order.size())
            students.notes.push_back(message(place(s), ": ", file.lines, " lines have ", file.order.size(),
                                             " different prompts; equal ones are one prompt with several responses"));
    }
    for (const std::uint64_t key : files[base].order) {
        evaluated_prompt prompt = std::move(files[base].prompts.at(key));
        require<input_error>(cluster.empty() || prompt.cluster, sources[base].path.string(), ":", prompt.line,
                             ": has no column ", excerpt{cluster}, " by which prompts are grouped");
        for (std::size_t s = 0; s < files.size(); ++s) {
            const auto at = files[s].of.find(key);
            require<input_error>(at != files[s].of.end(), place(s), ": has no response to the prompt ", prompt.name,
                                 ", ", detail::shown_prompt(files[base].of.at(key).record), ", which ", place(base),
                                 " has; students are compared on the same prompts");
            prompt.of.push_back(s == base ? at->second : std::move(at->second));
            const response_record& record = prompt.of.back().record;
            prompt.conversation =
                prompt.conversation || !record.is_text() || record.prompt != prompt.of[0].record.prompt;
        }
        students.prompts.push_back(std::move(prompt));
    }
    detail::number_clusters(students, !cluster.empty());
    return students;
}

} // namespace preflearn
