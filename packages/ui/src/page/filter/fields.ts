/** The plain form beside the filter line. */
export interface FormFields {
  readonly service: string;
  readonly operation: string;
  /** `key=value other="two words"`. */
  readonly tags: string;
  readonly minDuration: string;
  readonly maxDuration: string;
  readonly onlyErrors: boolean;
}

export const emptyFields: FormFields = {
  service: "",
  operation: "",
  tags: "",
  minDuration: "",
  maxDuration: "",
  onlyErrors: false,
};
