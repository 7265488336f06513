/// \file
/// What becomes of each record of some files: first decided, then written, in two passes, so that no text is held.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/files/text_writer.hpp>
#include <preflearn/data/preferences/pair_names.hpp>
#include <preflearn/data/records/preparing/prepare_options.hpp>
#include <preflearn/data/records/preparing/record_items.hpp>
#include <preflearn/data/records/preparing/record_keys.hpp>
#include <preflearn/data/records/preparing/record_lengths.hpp>
#include <preflearn/data/records/preparing/record_lines.hpp>
#include <preflearn/data/records/preparing/record_target.hpp>
#include <preflearn/data/records/preparing/split_parts.hpp>
#include <preflearn/data/records/preparing/written_ids.hpp>
#include <preflearn/data/records/reading/parse_responses.hpp>
#include <preflearn/data/records/reading/response_record.hpp>
#include <preflearn/data/records/reading/walk_records.hpp>
#include <preflearn/data/selection/left_out.hpp>

namespace preflearn {

namespace detail {

/// What becomes of an item.
struct item_fate {
    static constexpr std::uint8_t none = 255;
    std::uint8_t reason = none; // a left_out_reason, unless it is kept
    std::uint8_t part = 0;
};

/// The two passes over the files.
class preparation {
  public:
    explicit preparation(const prepare_options& options)
        : options_(options), rules_(options.rules), ids_(options.inputs, options.ids_by_file) {
        rules_.drop_identical = rules_.drop_identical && compares();
        for (const auto& path : options.inputs) result_.files.push_back({.file = path.string()});
    }

    void decide(const record_look& look, const record_progress& seen) {
        std::size_t done = 0;
        bool label_is_probability = false;
        walk(
            [&](std::size_t file, const response_record& record) {
                ++result_.files[file].records;
                ++result_.files[file].forms[static_cast<std::size_t>(record.form)];
                result_.files[file].repeated_prompts += record.repeats_prompt;
                label_is_probability = label_is_probability || record.named_probability;
                if (look) look(file, record);
                for (const record_item& item : items(record)) decide(file, record, item);
                ++done;
                if (seen) seen(done, 0);
            },
            true);
        records_ = done;
        if (label_is_probability && options_.items.target.shape == record_shape::pairs) {
            columns_.rename(label_name_, "probability");
            label_name_ = "probability";
        }
        settle();
    }

    /// \param streams one of each part
    void write(const std::vector<std::ostream*>& streams, const record_progress& seen) {
        std::vector<text_writer> writers;
        for (std::size_t p = 0; p < streams.size(); ++p) writers.emplace_back(*streams[p], result_.parts[p].path);
        std::size_t next = 0, done = 0;
        walk(
            [&](std::size_t file, const response_record& record) {
                for (const record_item& item : items(record)) {
                    require<input_error>(next < fates_.size(), result_.files[file].file, ": changed while it was read");
                    write(file, record, item, fates_[next++], writers);
                }
                ++done;
                if (seen) seen(done, records_);
            },
            false);
        require<input_error>(next == fates_.size(), result_.files.back().file, ": changed while it was read");
        for (text_writer& writer : writers) writer.finish();
    }

    [[nodiscard]] prepared_records& result() { return result_; }

  private:
    template <class Visit> void walk(Visit&& visit, bool keeps_malformed) {
        auto ids = std::make_unique<seen_ids>();
        const bool gathers = options_.items.target.shape != record_shape::singles && compares();
        for (std::size_t f = 0; f < options_.inputs.size(); ++f) {
            if (options_.ids_by_file) ids = std::make_unique<seen_ids>();
            left_out_pairs skipped = walk_records(options_.inputs[f], options_.records, *ids, gathers,
                                                  [&](const response_record& record) { visit(f, record); });
            if (keeps_malformed) result_.files[f].left_out = std::move(skipped);
        }
    }

    /// Whether responses are compared in what is written.
    [[nodiscard]] bool compares() const {
        return options_.items.target.shape != record_shape::prompts &&
               options_.items.target.shape != record_shape::demonstrations;
    }

    /// Where a pair is written otherwise than as one, it is the pair that rules are about.
    [[nodiscard]] bool of_pair(const response_record& record) const {
        return options_.items.target.shape != record_shape::pairs && compares() && record.responses.size() == 2;
    }
    [[nodiscard]] std::optional<misfit> broken(const response_record& record, const record_item& item) const {
        return misfit_of(of_pair(record) ? record : item.record, rules_);
    }
    [[nodiscard]] record_note note_of_item(const response_record& record, const record_item& item) const {
        const bool part = options_.items.target.shape == record_shape::singles && of_pair(record);
        record_note made = note_of(part ? record : item.record);
        if (part) made.texts = with_part(made.texts, item.suffix);
        if (options_.items.target.shape == record_shape::prompts) made = {made.prompt, made.prompt, 0, {}};
        return made;
    }

    [[nodiscard]] std::vector<record_item> items(const response_record& record) const {
        if (rules_.drop_identical && has_identical_responses(record))
            return {unfit(record, left_out_reason::identical_responses)};
        return items_of(record, options_.items);
    }

    [[nodiscard]] nlohmann::ordered_json line(std::size_t file, const response_record& record,
                                              const record_item& item) const {
        const record_target& target = options_.items.target;
        const bool part = target.shape == record_shape::singles && !item.suffix.empty();
        return line_of(styled(item.record, target, options_.records.reading), target,
                       ids_.of(record, file, item.suffix), part ? ids_.of(record, file) : nlohmann::ordered_json(),
                       label_name_);
    }

    void decide(std::size_t file, const response_record& record, const record_item& item) {
        item_fate fate;
        const auto falls_out = [&](left_out_reason reason) { fate.reason = static_cast<std::uint8_t>(reason); };
        try {
            if (item.unfit) {
                falls_out(*item.unfit);
            } else if (const auto rule = broken(record, item)) {
                falls_out(rule->reason);
            } else {
                ids_.see(record, item);
                columns_.add(line(file, record, item));
                notes_.push_back(note_of_item(record, item));
            }
        } catch (const input_error&) {
            falls_out(left_out_reason::not_expressible);
        } catch (const argument_error&) { // of a renderer
            falls_out(left_out_reason::not_expressible);
        }
        fates_.push_back(fate);
    }

    /// Repeats and parts, which depend on all items.
    void settle() {
        const auto repeats = repeats_of(notes_, options_.repeats);
        std::vector<std::uint64_t> prompts;
        std::vector<item_fate*> kept;
        std::size_t n = 0;
        for (item_fate& fate : fates_) {
            if (fate.reason != item_fate::none) continue;
            const std::size_t at = n++;
            if (repeats[at]) {
                fate.reason = static_cast<std::uint8_t>(*repeats[at]);
                continue;
            }
            prompts.push_back(notes_[at].prompt);
            kept.push_back(&fate);
        }
        notes_ = {};
        if (!options_.parts.empty()) {
            const auto dealt = deal(prompts, options_.parts, options_.items.seed);
            for (std::size_t i = 0; i < kept.size(); ++i) {
                if (dealt[i])
                    kept[i]->part = static_cast<std::uint8_t>(*dealt[i]);
                else
                    kept[i]->reason = static_cast<std::uint8_t>(left_out_reason::no_part);
            }
        }
        result_.written = static_cast<std::size_t>(std::ranges::count(fates_, item_fate::none, &item_fate::reason));
    }

    void write(std::size_t file, const response_record& record, const record_item& item, const item_fate& fate,
               std::vector<text_writer>& writers) {
        if (fate.reason != item_fate::none) {
            leave_out(file, record, item, static_cast<left_out_reason>(fate.reason));
            return;
        }
        const bool pairs = options_.items.target.shape == record_shape::pairs;
        if (!writers.empty()) writers[fate.part].write(columns_.filled(line(file, record, item), pairs).dump() + '\n');
        ++result_.parts[fate.part].lines;
        ++result_.files[file].written;
    }

    void leave_out(std::size_t file, const response_record& record, const record_item& item, left_out_reason reason) {
        std::string found = item.message;
        try {
            if (!item.unfit) {
                const auto rule = broken(record, item);
                if (rule) found = rule->message;
                if (reason == left_out_reason::not_expressible) static_cast<void>(line(file, record, item));
            }
        } catch (const error& failure) {
            found = failure.what();
        }
        const given_id& id = record.given;
        const bool given = id.form != id_form::none;
        result_.files[file].left_out.add({.name = {.id = id.form == id_form::text ? id.text
                                                         : given                  ? std::to_string(id.number)
                                                                                  : "",
                                                   .number = id.number,
                                                   .is_text = id.form == id_form::text,
                                                   .line = record.line},
                                          .reason = reason,
                                          .message = std::move(found),
                                          .file = result_.files[file].file});
    }

    const prepare_options& options_;
    record_rules rules_;
    written_ids ids_;
    line_columns columns_;
    std::string label_name_ = "label";
    std::vector<item_fate> fates_;
    std::vector<record_note> notes_;
    std::size_t records_ = 0;
    prepared_records result_;
};

} // namespace detail

} // namespace preflearn
