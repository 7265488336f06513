/// \file
/// A teacher's card on disk: card.md for people, card.json for programs, and the pictures that card.md shows.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/teacher_card/card_figures.hpp>
#include <preflearn/pipeline/teacher_card/card_json.hpp>
#include <preflearn/pipeline/teacher_card/card_tables.hpp>
#include <preflearn/pipeline/teacher_card/teacher_card.hpp>
#include <preflearn/report/figures/line_plot_svg.hpp>
#include <preflearn/report/run/write.hpp>
#include <preflearn/report/tables/table_text.hpp>
#include <preflearn/report/tables/unicode_text.hpp>

namespace preflearn {

/// As Markdown. \param figures whose files it shows, which lie beside it
inline std::string to_markdown(const teacher_card& card, const std::vector<card_figure>& figures = {}) {
    std::string text = "# Card of the teacher " + detail::escaped_for_markdown(printable(card.name)) + "\n\n";
    for (const auto& [name, value] : card.facts)
        text += "- " + detail::escaped_for_markdown(printable(name)) + ": " +
                detail::escaped_for_markdown(printable(value)) + "\n";
    if (!card.facts.empty()) text += "\n";
    for (const table& part : card_tables(card)) text += to_markdown(part) + "\n";
    for (const card_figure& figure : figures) text += "![" + figure.plot.title + "](" + figure.file + ".svg)\n";
    return text;
}

/// Writes card.md, card.json and the pictures into a folder that is there. \throws input_error where that fails
inline void write_card(const teacher_card& card, const std::filesystem::path& folder) {
    const std::vector<card_figure> figures = card_figures(card);
    for (const card_figure& figure : figures) write_svg(figure.plot, folder / (figure.file + ".svg"));
    write_json(to_json(card), folder / "card.json");
    write_file(to_markdown(card, figures), folder / "card.md");
}

} // namespace preflearn
