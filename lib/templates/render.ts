// Rendering the files of a project template. Its tags are <% name %>, since {{ name }} in those files belongs
// to es-supervisor, and ${name} to es-sdist.

/** `text` with the values filled in as they are. */
export async function renderTemplate(text: string, values: object): Promise<string> {
  const { default: mustache } = await import("mustache");
  return mustache.render(text, values, {}, { tags: ["<%", "%>"], escape: String });
}
