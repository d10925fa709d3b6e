/* What a test takes for a library of another version: it answers nothing but that. */
__attribute__((visibility("default"))) int getInferLibVersion(void) { return 10300; }
