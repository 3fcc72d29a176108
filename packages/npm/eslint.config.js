// Type-checked and strict. typescript-eslint reads types with TypeScript 6; TypeScript 7, which builds, has no API for it yet.
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "src/generated/"] },
  {
    files: ["src/**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Types end at the border: callers without TypeScript pass anything, and are told what was expected.
      "@typescript-eslint/no-unnecessary-condition": "off",
      // A `!` is forbidden, so what is known to be there is asserted by its type.
      "@typescript-eslint/non-nullable-type-assertion-style": "off",
      // From a union, the fields' names of a hoisted row are not inferred.
      "@typescript-eslint/unified-signatures": "off",
      // `push` may work at once or return a promise; its callers handle both.
      "@typescript-eslint/no-invalid-void-type": ["error", { allowInGenericTypeArguments: true, allowAsThisParameter: false }],
    },
  },
  {
    files: ["test/**/*.mjs", "scripts/**/*.mjs", "*.js"],
    extends: [tseslint.configs.recommended],
  },
);
