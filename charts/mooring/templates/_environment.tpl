{{- /* Settings that every service takes from its environment. The names are those of shared/config. */ -}}
{{- define "mooring.environment" -}}
MOORING_NAMESPACE: {{ .Release.Namespace | quote }}
MOORING_OBJECT_NAMESPACE: {{ .Values.objectNamespace | quote }}
MOORING_ALLOWED_SCHEMES: {{ join "," .Values.allowedSchemes | quote }}
MOORING_COEXISTENCE: {{ .Values.coexistence.allow | quote }}
MOORING_LOG_LEVEL: {{ .Values.logLevel | quote }}
MOORING_CERTIFICATE_MODE: {{ .Values.certificates.mode | quote }}
MOORING_CA_LIFETIME: {{ .Values.certificates.caLifetime | quote }}
MOORING_LEAF_LIFETIME: {{ .Values.certificates.leafLifetime | quote }}
{{- with .Values.telemetry.otlpEndpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ . | quote }}
{{- end }}
{{- end }}
